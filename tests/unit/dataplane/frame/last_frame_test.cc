// Last frames as one thread sees them; see torn_frame_test.cc for several.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/frame/last_frame_inline.h"
#include "tests/support/certified_frame.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::CertifiedFrame;

struct Frame {
  bool kept = false;
  FrameRecord record = {};
  std::vector<uint8_t> bytes;
};

class LastFrameTest : public ::testing::Test {
 protected:
  LastFrameTest() { Restart(64 << 20); }

  void Restart(uint64_t memory_bytes) {
    auto pool = FramePool::Create(memory_bytes);
    ASSERT_TRUE(pool.ok());
    pool_ = std::make_unique<FramePool>(*std::move(pool));
    writer_ = std::make_unique<FrameWriter>(pool_.get());
    slots_ = std::vector<FrameSlot>(kSlots);
  }

  // `length` bytes of `fill`.
  void Put(uint32_t slot, uint32_t length, uint8_t fill,
           uint32_t least_bytes = 14) {
    staged_.push_back(std::make_unique<std::vector<uint8_t>>(length, fill));
    const FrameRecord record{
        {fill, length + 4u, 7, 0, static_cast<uint16_t>(length)},
        {2u * fill, 3u * fill}};
    writer_->Put(&slots_[slot], staged_.back()->data(), record, record,
                 least_bytes);
  }

  Frame Read(uint32_t slot, size_t most = kMaxFrameBytes) {
    Frame frame;
    frame.bytes.resize(most);
    bool contended = true;
    frame.kept = CopyLastFrame(*pool_, slots_[slot], frame.bytes, &frame.record,
                               &contended);
    EXPECT_FALSE(contended);
    if (frame.kept && frame.record.captured_length < most) {
      frame.bytes.resize(frame.record.captured_length);
    }
    return frame;
  }

  void ExpectFrame(uint32_t slot, uint32_t length, uint8_t fill) {
    const Frame frame = Read(slot);
    ASSERT_TRUE(frame.kept);
    EXPECT_EQ(frame.bytes, std::vector<uint8_t>(length, fill));
    EXPECT_EQ(frame.record.captured_length, length);
    EXPECT_EQ(frame.record.capture_time_ns, fill);
    EXPECT_EQ(frame.record.stream_offset, 2u * fill);
    EXPECT_EQ(frame.record.wire_length, length + 4);
    EXPECT_EQ(frame.record.generation, 3u * fill);
    EXPECT_EQ(frame.record.port, 7);
  }

  uint64_t InUse() const {
    uint64_t sum = 0;
    for (size_t i = 0; i < kFrameClasses; ++i) sum += pool_->InUse(i);
    return sum;
  }

  static constexpr uint32_t kSlots = 4096;
  std::unique_ptr<FramePool> pool_;
  std::unique_ptr<FrameWriter> writer_;
  std::vector<FrameSlot> slots_;
  std::vector<std::unique_ptr<std::vector<uint8_t>>> staged_;
};

TEST_F(LastFrameTest, EmptyUntilPublished) {
  EXPECT_TRUE(slots_[0].empty());
  EXPECT_FALSE(Read(0).kept);
  Put(0, 1514, 1);
  EXPECT_FALSE(Read(0).kept);
  writer_->Publish();
  EXPECT_FALSE(slots_[0].empty());
  ExpectFrame(0, 1514, 1);
  writer_->Clear(&slots_[0]);
  EXPECT_TRUE(slots_[0].empty());
  EXPECT_FALSE(Read(0).kept);
  EXPECT_EQ(InUse(), 0u);
}

TEST_F(LastFrameTest, EveryLength) {
  for (uint32_t length = 1; length <= 3000; ++length) {
    Put(1, length, static_cast<uint8_t>(length));
    writer_->Publish();
    ExpectFrame(1, length, static_cast<uint8_t>(length));
  }
  for (const uint32_t length : {9018u, 9216u, 65534u, 65535u}) {
    Put(1, length, 9);
    writer_->Publish();
    ExpectFrame(1, length, 9);
  }
  EXPECT_EQ(InUse(), 1u);
}

TEST_F(LastFrameTest, ReadsTheOldFrameWhileTheNewOneIsOnlyStaged) {
  Put(0, 1514, 1);
  writer_->Publish();
  Put(0, 1514, 2);
  Put(0, 60, 3);
  ExpectFrame(0, 1514, 1);
  writer_->Publish();
  ExpectFrame(0, 60, 3);
  EXPECT_EQ(InUse(), 1u);
}

// A small frame is there at once, unless a large one waits before it.
TEST_F(LastFrameTest, SmallFramesWaitForLargeOnesAlone) {
  Put(0, 60, 1);
  ExpectFrame(0, 60, 1);
  Put(1, 1514, 2);
  Put(0, 60, 3);
  ExpectFrame(0, 60, 1);
  writer_->Publish();
  ExpectFrame(0, 60, 3);
  ExpectFrame(1, 1514, 2);
  Put(0, 60, 4);
  ExpectFrame(0, 60, 4);
  EXPECT_EQ(InUse(), 2u);
}

// Buffers are taken before the frames are put: in another order, or not at all.
TEST_F(LastFrameTest, ReservedBuffers) {
  Put(0, 1514, 1);
  Put(1, 1514, 2);
  writer_->Publish();
  const std::vector<uint8_t> bytes(9000, 3);
  const FrameBuffer large = writer_->Reserve(9000, 14);
  const FrameBuffer full = writer_->Reserve(1514, 14);
  const FrameBuffer unused = writer_->Reserve(1514, 14);
  writer_->OrderStamps();
  EXPECT_EQ(InUse(), 5u);
  writer_->PutInto(full, &slots_[0], bytes.data(), {3, 1518, 7, 0, 1514},
                   {6, 9});
  writer_->Forgo(unused);
  writer_->PutInto(large, &slots_[1], bytes.data(), {3, 9004, 7, 0, 9000},
                   {6, 9});
  ExpectFrame(0, 1514, 1);
  ExpectFrame(1, 1514, 2);
  writer_->Publish();
  ExpectFrame(0, 1514, 3);
  ExpectFrame(1, 9000, 3);
  EXPECT_EQ(InUse(), 2u);
}

TEST_F(LastFrameTest, NoBufferWasLeftToReserve) {
  Restart(0);
  uint32_t slot = 0;
  while (writer_->not_kept().Get() == 0) {
    Put(slot++, 1514, 1, 1514);
    writer_->Publish();
  }
  const FrameBuffer none = writer_->Reserve(1514, 1514);
  EXPECT_FALSE(none);
  writer_->OrderStamps();
  writer_->Forgo(none);
  const std::vector<uint8_t> bytes(1514, 2);
  writer_->PutInto(none, &slots_[0], bytes.data(), {2, 1518, 7, 0, 1514},
                   {4, 6});
  writer_->Publish();
  EXPECT_EQ(writer_->not_kept().Get(), 2u);
  EXPECT_FALSE(Read(0).kept);
  ExpectFrame(1, 1514, 1);
}

TEST_F(LastFrameTest, MoreThanABatchIsPublishedOnTheWay) {
  for (uint32_t i = 0; i < 3 * FrameWriter::kBatch + 1; ++i) {
    Put(i, 1514, static_cast<uint8_t>(i));
  }
  writer_->Publish();
  for (uint32_t i = 0; i < 3 * FrameWriter::kBatch + 1; ++i) {
    ExpectFrame(i, 1514, static_cast<uint8_t>(i));
  }
}

TEST_F(LastFrameTest, CopiesNoMoreThanThereIsRoomFor) {
  Put(0, 1514, 5);
  writer_->Publish();
  for (const size_t room : {0u, 1u, 7u, 8u, 9u, 1513u}) {
    std::vector<uint8_t> buffer(room + 16, 0xee);
    FrameRecord record;
    bool contended = false;
    ASSERT_TRUE(CopyLastFrame(*pool_, slots_[0], {buffer.data(), room}, &record,
                              &contended));
    EXPECT_EQ(record.captured_length, 1514);
    EXPECT_EQ(std::count(buffer.begin(), buffer.end(), 5),
              static_cast<ptrdiff_t>(room));
    EXPECT_EQ(std::count(buffer.begin(), buffer.end(), 0xee), 16);
  }
}

TEST_F(LastFrameTest, OutOfMemoryFramesAreShortenedThenNotKept) {
  Restart(0);
  // Takes all memory with 128-byte buffers, each for 96 bytes of a frame.
  uint32_t slot = 0;
  while (writer_->not_kept().Get() == 0 && slot < kSlots) {
    Put(slot++, 96, 1);
    writer_->Publish();
  }
  ASSERT_LT(slot, kSlots);
  EXPECT_EQ(writer_->shortened().Get(), 0u);
  EXPECT_EQ(writer_->not_kept().Get(), 1u);
  EXPECT_FALSE(Read(slot - 1).kept);
  ExpectFrame(0, 96, 1);

  writer_->Clear(&slots_[1]);  // room for one
  Put(2, 1514, 2, 54);
  writer_->Publish();
  EXPECT_EQ(writer_->shortened().Get(), 1u);
  const Frame frame = Read(2);
  ASSERT_TRUE(frame.kept);
  EXPECT_EQ(frame.record.captured_length, 96);
  EXPECT_EQ(frame.record.wire_length, 1518u);
  EXPECT_EQ(frame.bytes, std::vector<uint8_t>(96, 2));

  // The headers do not fit: not kept, and the older one is not the last.
  Put(3, 1514, 3, 97);
  writer_->Publish();
  EXPECT_EQ(writer_->not_kept().Get(), 2u);
  EXPECT_FALSE(Read(3).kept);
  ExpectFrame(0, 96, 1);
}

// The stamps of the buffers come round after 2^26 frames.
TEST_F(LastFrameTest, StampsWrap) {
  Restart(0);
  constexpr uint32_t kNearlyRound = (1 << 26) - 3;
  for (uint64_t at = kFrameUnit; at < pool_->capacity_bytes();
       at += kFrameUnit) {
    std::memcpy(pool_->At(0) + at, &kNearlyRound, sizeof(kNearlyRound));
  }
  for (uint32_t i = 0; i < 20'000; ++i) {
    Put(i % 3, 54 + i % 40, static_cast<uint8_t>(i));
    writer_->Publish();
    ExpectFrame(i % 3, 54 + i % 40, static_cast<uint8_t>(i));
  }
  EXPECT_EQ(pool_->InUse(0) + pool_->InUse(1), 3u);
  EXPECT_EQ(InUse(), 3u);
}

TEST_F(LastFrameTest, ManyFramesThroughOneSlot) {
  std::vector<uint8_t> bytes(CertifiedFrame::kMaxBytes);
  for (uint64_t sequence = 1; sequence < 20'000; ++sequence) {
    const CertifiedFrame sent(0, sequence);
    sent.Write(bytes.data());
    const FrameRecord record = sent.record();
    writer_->Put(&slots_[0], bytes.data(), record, record, 14);
    writer_->Publish();
    const Frame frame = Read(0, CertifiedFrame::kMaxBytes);
    ASSERT_TRUE(frame.kept);
    ASSERT_TRUE(sent.Matches(frame.record, frame.bytes));
  }
  EXPECT_EQ(InUse(), 1u);
}

}  // namespace
}  // namespace mosd::dataplane
