#include "api/stream/stream_buffer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mosd::api {
namespace {

constexpr uint64_t kBufferBytes = 8192;
constexpr uint64_t kAhead = StreamBuffer::AheadBytes(kBufferBytes);

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class StreamBufferTest : public ::testing::Test {
 protected:
  ~StreamBufferTest() override {
    buffer_.Clear(pool_.get());
    EXPECT_EQ(pool_->in_use(), 0u);
  }

  InsertCounts Insert(uint64_t offset, std::string_view text,
                      OverlapPolicy policy = OverlapPolicy::kFirst) {
    return buffer_.Insert(pool_.get(), offset, BytesOf(text), policy, kAhead);
  }
  // "-5": five bytes are lost.
  std::string Peek(size_t length = 100'000) {
    std::string text(length, '\0');
    const PeekCounts counts =
        buffer_.Peek(*pool_, &position_,
                     {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    if (counts.lost != 0) return "-" + std::to_string(counts.lost);
    return text.substr(0, counts.copied);
  }
  std::string Read(uint64_t offset, size_t length = 100'000) {
    std::string text(length, '\0');
    return text.substr(
        0, buffer_.Read(*pool_, offset,
                        {reinterpret_cast<uint8_t*>(text.data()), length}));
  }

  std::unique_ptr<BlockPool> pool_ = *BlockPool::Create(1 << 20);
  StreamBuffer buffer_{};
  uint64_t position_ = 0;
};

TEST_F(StreamBufferTest, ZeroIsEmptyAndCostsNothing) {
  EXPECT_TRUE(buffer_.empty());
  EXPECT_EQ(Peek(), "");
  EXPECT_EQ(Read(0), "");
  EXPECT_EQ(pool_->in_use(), 0u);
}

TEST_F(StreamBufferTest, GivesBytesInOrder) {
  EXPECT_EQ(Insert(0, "hello ").in_order, 6u);
  EXPECT_EQ(Insert(6, "world").in_order, 5u);
  EXPECT_EQ(Peek(4), "hell");
  EXPECT_EQ(Peek(), "o world");
  EXPECT_EQ(Peek(), "");
  EXPECT_EQ(Read(6, 3), "wor");
}

TEST_F(StreamBufferTest, HoldsWhatIsAheadUntilTheHoleIsFilled) {
  EXPECT_EQ(Insert(3, "def").in_order, 0u);
  EXPECT_EQ(buffer_.highest(), 6u);
  EXPECT_EQ(Peek(), "");
  EXPECT_EQ(Read(4), "ef") << "ppeek reads ahead as well";
  EXPECT_EQ(Insert(0, "abc").in_order, 6u);
  EXPECT_EQ(Peek(), "abcdef");
}

TEST_F(StreamBufferTest, FirstKeepsAndLastReplacesWhatIsHeld) {
  Insert(0, "abcdef");
  InsertCounts counts = Insert(2, "XXeYgh");
  EXPECT_EQ(counts.overlapping, 4u);
  EXPECT_EQ(counts.differing, 3u);
  EXPECT_EQ(counts.in_order, 2u);
  EXPECT_EQ(Read(0), "abcdefgh");
  counts = Insert(2, "XXeY", OverlapPolicy::kLast);
  EXPECT_EQ(counts.differing, 3u);
  EXPECT_EQ(Read(0), "abXXeYgh");
}

TEST_F(StreamBufferTest, SegmentsAroundHeldBytesFillOnlyTheHoles) {
  Insert(2, "cd");
  Insert(6, "gh");
  const InsertCounts counts = Insert(0, "ab__ef__ij");
  EXPECT_EQ(counts.stored, 6u);
  EXPECT_EQ(counts.overlapping, 4u);
  EXPECT_EQ(Peek(), "abcdefghij");
}

TEST_F(StreamBufferTest, WhatWasAcknowledgedAndNeverSeenIsAGapOnce) {
  Insert(0, "abc");
  Insert(5, "fg");
  EXPECT_EQ(buffer_.AcknowledgedUpTo(pool_.get(), 3), 0u);
  EXPECT_EQ(buffer_.AcknowledgedUpTo(pool_.get(), 6), 2u);
  EXPECT_EQ(buffer_.next_expected(), 7u) << "and past what is held behind";
  EXPECT_EQ(buffer_.AcknowledgedUpTo(pool_.get(), 6), 0u);
  EXPECT_EQ(Peek(), "abc");
  EXPECT_EQ(Peek(), "-2");
  EXPECT_EQ(Peek(), "fg");
  EXPECT_EQ(Insert(7, "hi").in_order, 2u);
  EXPECT_EQ(Peek(), "hi");
}

// An acknowledgement may be seen before what it acknowledges.
TEST_F(StreamBufferTest, AGapIsFilledByLateBytes) {
  EXPECT_EQ(buffer_.AcknowledgedUpTo(pool_.get(), 3), 3u);
  EXPECT_EQ(Insert(0, "abc").stored, 3u);
  EXPECT_EQ(Peek(), "abc");
}

TEST_F(StreamBufferTest, NothingIsGivenUpBeforeTrim) {
  const std::string megabyte(1 << 19, 'x');
  Insert(1, megabyte);
  EXPECT_EQ(Insert(0, "x").in_order, megabyte.size() + 1);
  EXPECT_EQ(Peek(1 << 20).size(), megabyte.size() + 1);
  buffer_.Trim(pool_.get(), kBufferBytes);
  EXPECT_EQ(buffer_.base(), megabyte.size() + 1 - kBufferBytes);
  EXPECT_EQ(Read(buffer_.base()).size(), kBufferBytes);
  EXPECT_EQ(Read(buffer_.base() - 1), "");
  EXPECT_LE(pool_->in_use(), kBufferBytes / kBlockBytes + 1);
}

TEST_F(StreamBufferTest, WhoIsLateLearnsHowMuchIsLost) {
  Insert(0, "abcdefgh");
  EXPECT_EQ(Peek(2), "ab");
  buffer_.Trim(pool_.get(), 3);
  EXPECT_EQ(Peek(), "-3");
  EXPECT_EQ(Peek(), "fgh");
}

TEST_F(StreamBufferTest, TrimToNothingHoldsNoMemory) {
  Insert(0, "abc");
  buffer_.Trim(pool_.get(), 0);
  EXPECT_EQ(pool_->in_use(), 0u);
  EXPECT_TRUE(buffer_.empty());
  EXPECT_EQ(Insert(3, "def").in_order, 3u);
  EXPECT_EQ(Peek(), "-3");
  EXPECT_EQ(Peek(), "def");
}

TEST_F(StreamBufferTest, TrimToNothingLeavesWhatIsAhead) {
  Insert(0, "abc");
  Insert(5, "fg");
  buffer_.Trim(pool_.get(), 0);
  EXPECT_EQ(Read(0), "");
  EXPECT_EQ(Read(5), "fg");
  EXPECT_EQ(Insert(3, "de").in_order, 4u);
  buffer_.Trim(pool_.get(), 0);
  EXPECT_EQ(pool_->in_use(), 0u);
  EXPECT_EQ(Insert(7, "hi").in_order, 2u);
}

TEST_F(StreamBufferTest, StartsAnywhere) {
  buffer_.Start(1'000'000'000'000);
  EXPECT_EQ(Insert(999'999'999'998, "abcd").in_order, 2u);
  position_ = 1'000'000'000'000;
  EXPECT_EQ(Peek(), "cd");
}

TEST_F(StreamBufferTest, TellsWhatIsHeld) {
  Insert(0, "abc");
  Insert(5, "fg");
  Insert(7, "h");
  Insert(kAhead, "far");
  HeldRange ranges[4];
  ASSERT_EQ(buffer_.Ranges(*pool_, 0, ranges), 3u);
  EXPECT_EQ(ranges[0].offset, 0u);
  EXPECT_EQ(ranges[0].length, 3u);
  EXPECT_EQ(ranges[1].offset, 5u);
  EXPECT_EQ(ranges[1].length, 3u);
  EXPECT_EQ(ranges[2].offset, kAhead);
  EXPECT_EQ(ranges[2].length, 3u);
  EXPECT_EQ(buffer_.Ranges(*pool_, 6, {ranges, 1}), 1u);
  EXPECT_EQ(ranges[0].offset, 6u);
}

TEST_F(StreamBufferTest, DropsWhatIsTooFarAhead) {
  EXPECT_EQ(Insert(kAhead + 3 - 1, "ab").dropped, 2u);
  EXPECT_EQ(Insert(kAhead - 1, "ab").dropped, 1u);
  EXPECT_EQ(buffer_.highest(), kAhead);
}

TEST_F(StreamBufferTest, NumbersAtTheEndOfAllNumbersAreSafe) {
  EXPECT_EQ(Insert(UINT64_MAX, "abc").dropped, 3u);
  EXPECT_EQ(Insert(UINT64_MAX - 3, "abc").dropped, 3u);
  EXPECT_EQ(buffer_.AcknowledgedUpTo(pool_.get(), UINT64_MAX - 3),
            UINT64_MAX - 3);
  EXPECT_EQ(Insert(UINT64_MAX - 3, "abc").in_order, 3u);
  EXPECT_EQ(Insert(UINT64_MAX, "abc").dropped, 3u);
  EXPECT_EQ(buffer_.AcknowledgedUpTo(pool_.get(), UINT64_MAX), 0u);
  EXPECT_EQ(Read(UINT64_MAX - 3), "abc");
  EXPECT_EQ(Read(UINT64_MAX), "");
  position_ = UINT64_MAX - 2;
  EXPECT_EQ(Peek(), "bc");
}

TEST_F(StreamBufferTest, AFullPoolCostsTheOldestBytesOfTheFlowItself) {
  pool_ = *BlockPool::Create(16 * kBlockBytes);
  const std::string segment(1460, 'x');
  StreamBuffer other{};
  other.Insert(pool_.get(), 0, BytesOf("keep"), OverlapPolicy::kFirst, kAhead);
  uint64_t pushed_out = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    const InsertCounts counts = Insert(i * 1460, segment);
    ASSERT_EQ(counts.in_order, 1460u);
    pushed_out += counts.pushed_out;
  }
  EXPECT_EQ(pushed_out, buffer_.base());
  EXPECT_GT(buffer_.base(), 100'000u);
  EXPECT_EQ(Peek(), "-" + std::to_string(pushed_out));
  EXPECT_EQ(Peek().size(), 146'000u - pushed_out);
  EXPECT_EQ(other.highest(), 4u);
  other.Clear(pool_.get());
}

// Who sends ahead of a hole leaves an eighth of the memory to the others.
TEST_F(StreamBufferTest, HolesCannotTakeAllMemory) {
  pool_ = *BlockPool::Create(64 * kBlockBytes);
  uint64_t dropped = 0;
  for (uint64_t i = 1; i < 512; ++i) {
    dropped += Insert(i * kBlockBytes, "x").dropped;
  }
  EXPECT_GT(dropped, 400u);
  EXPECT_GE(pool_->Available(), 64u / 8 - 1);
  StreamBuffer other{};
  EXPECT_EQ(other
                .Insert(pool_.get(), 0, BytesOf("in order"),
                        OverlapPolicy::kFirst, kAhead)
                .in_order,
            8u);
  other.Clear(pool_.get());
}

// Acknowledgements that run far ahead cost neither memory nor time, and what
// comes then is taken.
TEST_F(StreamBufferTest, LeapsOfTheAcknowledgementAreCheap) {
  Insert(0, "abc");
  for (uint64_t i = 1; i <= 100'000; ++i) {
    const uint64_t offset = i << 28;
    ASSERT_NE(buffer_.AcknowledgedUpTo(pool_.get(), offset - 1), 0u);
    ASSERT_EQ(Insert(offset - 1, "x").in_order, 1u);
    ASSERT_EQ(Insert(offset + 1000, "y").stored, 1u);
    ASSERT_LE(pool_->in_use(), 40u);
  }
}

// A stream of 300 KiB in segments of any size, duplicated, reordered and lost,
// read by one who comes after each batch: all of it but the losses comes back.
TEST_F(StreamBufferTest, AKnownStreamComesBack) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::string stream(300 << 10, '\0');
    for (char& byte : stream) byte = static_cast<char>(random());
    std::string expected, got;
    position_ = 0;
    uint64_t gaps = 0, lost = 0, sent = 0;
    while (sent < stream.size()) {
      struct Segment {
        uint64_t offset;
        std::string_view bytes;
      };
      std::vector<Segment> batch;
      for (int i = 0; i < 12 && sent < stream.size(); ++i) {
        const std::string_view bytes =
            std::string_view(stream).substr(sent, 1 + random() % 2900);
        if (random() % 20 != 0) {  // else it is lost before us
          batch.insert(batch.begin() + static_cast<ptrdiff_t>(
                                           random() % (batch.size() + 1)),
                       {sent, bytes});
          if (random() % 8 == 0) batch.push_back(batch.front());
          expected += bytes;
        }
        sent += bytes.size();
      }
      for (const Segment& segment : batch) {
        Insert(segment.offset, segment.bytes);
      }
      gaps += buffer_.AcknowledgedUpTo(pool_.get(), sent);
      while (position_ < buffer_.next_expected()) {
        uint8_t some[5000];
        const PeekCounts counts = buffer_.Peek(*pool_, &position_, some);
        lost += counts.lost;
        got.append(reinterpret_cast<const char*>(some), counts.copied);
      }
      buffer_.Trim(pool_.get(), kBufferBytes);
    }
    EXPECT_EQ(got, expected);
    EXPECT_EQ(lost, gaps);
    EXPECT_EQ(lost + got.size(), stream.size());
    buffer_.Clear(pool_.get());
  }
}

}  // namespace
}  // namespace mosd::api
