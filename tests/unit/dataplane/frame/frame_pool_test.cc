#include "dataplane/frame/frame_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace mosd::dataplane {
namespace {

FramePool MakePool(uint64_t bytes) {
  auto pool = FramePool::Create(bytes);
  EXPECT_TRUE(pool.ok());
  return *std::move(pool);
}

uint32_t Units(FrameBuffer buffer) {
  return kFrameClassUnits[buffer.frame_class];
}

// What is handed out, by where it begins: no two of them may overlap.
class Ledger {
 public:
  explicit Ledger(const FramePool& pool)
      : units_(pool.capacity_bytes() / kFrameUnit) {}

  // Empty, or what is wrong with this buffer.
  std::string Enter(FrameBuffer buffer) {
    const uint64_t end = uint64_t{buffer.unit} + Units(buffer);
    if (buffer.unit == 0) return "unit 0";
    if (end > units_) return "beyond the region";
    const auto next = taken_.lower_bound(buffer.unit);
    if (next != taken_.end() && next->first < end) return "overlaps the next";
    if (next != taken_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second > buffer.unit) {
        return "overlaps the one before";
      }
    }
    taken_[buffer.unit] = Units(buffer);
    return "";
  }
  void Leave(FrameBuffer buffer) { taken_.erase(buffer.unit); }

 private:
  uint64_t units_;
  std::map<uint32_t, uint32_t> taken_;  // first unit: units
};

TEST(FramePoolTest, SmallestClassThatFits) {
  FramePool pool = MakePool(256 << 20);
  for (uint32_t bytes = 0; bytes <= kMaxFrameBytes; ++bytes) {
    FrameBuffer buffer;
    buffer = pool.Acquire(bytes, 0);
    ASSERT_TRUE(buffer);
    ASSERT_GE(FrameClassCapacity(buffer.frame_class), bytes);
    if (buffer.frame_class != 0) {
      ASSERT_LT(FrameClassCapacity(buffer.frame_class - 1u), bytes);
    }
    pool.Release(buffer);
  }
}

TEST(FramePoolTest, NothingIsHandedOutTwice) {
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{1} << 20, uint64_t{8} << 20}) {
    FramePool pool = MakePool(bytes);
    Ledger ledger(pool);
    std::mt19937_64 random(bytes);
    std::vector<FrameBuffer> held;
    std::vector<uint64_t> in_use(kFrameClasses);
    for (int step = 0; step < 200'000; ++step) {
      const uint32_t size = static_cast<uint32_t>(
          random() % 4 == 0 ? random() % kMaxFrameBytes : random() % 1514);
      const uint32_t least = std::min(size, 200u);
      FrameBuffer buffer;
      if (random() % 2 == 0) buffer = pool.Acquire(size, least);
      if (buffer) {
        ASSERT_GE(FrameClassCapacity(buffer.frame_class), least);
        ASSERT_EQ(ledger.Enter(buffer), "");
        held.push_back(buffer);
        ++in_use[buffer.frame_class];
      } else if (!held.empty()) {
        std::swap(held[random() % held.size()], held.back());
        ledger.Leave(held.back());
        --in_use[held.back().frame_class];
        pool.Release(held.back());
        held.pop_back();
      }
      ASSERT_EQ(pool.InUse(0), in_use[0]);
    }
    for (size_t i = 0; i < kFrameClasses; ++i) {
      EXPECT_EQ(pool.InUse(i), in_use[i]);
      EXPECT_GE(pool.Total(i), in_use[i]);
    }
  }
}

// While there is other memory, a released buffer stays away until kQuarantine
// later ones of its class were released.
TEST(FramePoolTest, QuarantineKeepsReleasedBuffersAway) {
  FramePool pool = MakePool(64 << 20);
  std::deque<uint32_t> waiting;
  std::mt19937_64 random(1);
  std::vector<FrameBuffer> held;
  for (int step = 0; step < 50'000; ++step) {
    const FrameBuffer buffer = pool.Acquire(1514, 0);
    ASSERT_TRUE(buffer);
    ASSERT_EQ(std::count(waiting.begin(), waiting.end(), buffer.unit), 0);
    held.push_back(buffer);
    while (held.size() > random() % 100) {
      std::swap(held[random() % held.size()], held.back());
      waiting.push_back(held.back().unit);
      if (waiting.size() > FramePool::kQuarantine) waiting.pop_front();
      pool.Release(held.back());
      held.pop_back();
    }
  }
  // They do come back: the memory is that of few more than were in use.
  const FrameBuffer buffer = pool.Acquire(1514, 0);
  ASSERT_TRUE(buffer);
  EXPECT_LT(pool.Total(buffer.frame_class), 1000u);
}

TEST(FramePoolTest, WhenMemoryIsOutALargerBufferThenAQuarantinedOneThenLess) {
  FramePool pool = MakePool(0);
  // One jumbo buffer, and small ones for all the rest.
  const FrameBuffer jumbo = pool.Acquire(9000, 0);
  ASSERT_TRUE(jumbo);
  pool.Release(jumbo);
  std::vector<FrameBuffer> small;
  FrameBuffer buffer;
  while ((buffer = pool.Acquire(54, 0)) && buffer.frame_class == 0) {
    small.push_back(buffer);
  }
  // The last of them took the quarantined jumbo buffer, which was all there is.
  EXPECT_EQ(buffer.unit, jumbo.unit);
  EXPECT_FALSE(pool.Acquire(54, 54));
  pool.Release(buffer);
  // A whole frame in it again, though it has just been released.
  buffer = pool.Acquire(1514, 54);
  ASSERT_TRUE(buffer);
  EXPECT_GE(FrameClassCapacity(buffer.frame_class), 1514u);
  // With one small buffer released: as much as fits, but not less than asked.
  pool.Release(small.back());
  EXPECT_FALSE(pool.Acquire(1514, 200));
  EXPECT_EQ(pool.Acquire(1514, 54).unit, small.back().unit);
  EXPECT_FALSE(pool.Acquire(0, 0));
}

TEST(FramePoolTest, UsesNearlyAllItsMemory) {
  constexpr uint64_t kBytes = 4 << 20;
  for (const uint32_t frame : {54u, 86u, 1514u, 9000u}) {
    FramePool pool = MakePool(kBytes);
    FrameBuffer buffer;
    uint64_t used = 0;
    while ((buffer = pool.Acquire(frame, frame))) {
      used += uint64_t{Units(buffer)} * kFrameUnit;
    }
    EXPECT_GT(used, kBytes * 98 / 100) << frame;
    EXPECT_LE(used, pool.capacity_bytes());
  }
}

// However many units there are, and whether the last one is half a line.
TEST(FramePoolTest, EndsWithItsRegion) {
  for (uint64_t extra = 0; extra < 40; ++extra) {
    FramePool pool = MakePool((1 << 20) + extra * kFrameUnit);
    Ledger ledger(pool);
    while (const FrameBuffer buffer = pool.Acquire(60, 0)) {
      ASSERT_EQ(ledger.Enter(buffer), "") << extra;
    }
  }
}

TEST(FramePoolTest, SaysBeforehandHowManyFramesItHolds) {
  // Of the second, chunks of the smallest buffers are not whole lines.
  for (const uint64_t bytes : {1'000'000u, 4'300'800u, 100'000'000u}) {
    for (const uint32_t frame_bytes : {60u, 64u, 100u, 1514u, 9216u, 65535u}) {
      FramePool pool = MakePool(bytes);
      ASSERT_EQ(pool.capacity_bytes(), FramePool::CapacityFor(bytes));
      uint64_t frames = 0;
      while (pool.Acquire(frame_bytes, frame_bytes)) ++frames;
      EXPECT_EQ(FramePool::FramesIn(pool.capacity_bytes(), frame_bytes), frames)
          << bytes << ", " << frame_bytes;
    }
  }
}

TEST(FramePoolTest, SaysBeforehandHowManyBytesItNeeds) {
  for (const uint64_t frames : {1u, 1'000u, 77'777u, 1'000'000u}) {
    for (const uint32_t frame_bytes : {60u, 1514u}) {
      const uint64_t bytes = FramePool::BytesFor(frames, frame_bytes);
      EXPECT_GE(FramePool::FramesIn(bytes, frame_bytes), frames);
      // No more than needed, but for the least that a pool has.
      EXPECT_LE(bytes, 1.02 * static_cast<double>(frames) *
                               (FrameClassCapacity(FrameClassOf(frame_bytes)) +
                                kFrameHeaderBytes) +
                           200'000);
    }
  }
}

TEST(FramePoolTest, ListsTakeNoMoreThanTheyAreMapped) {
  for (const uint64_t bytes : {1u << 20, 1u << 24, 1u << 28}) {
    EXPECT_LE(FramePool::MostListBytesFor(bytes),
              Region::SizeFor(FramePool::ListBytesFor(bytes)));
  }
}

TEST(FramePoolTest, RefusesWhatCannotBeMapped) {
  // As much as units can count is 128 GiB of address space, which is lent.
  const auto pool = FramePool::Create(UINT64_MAX);
  if (pool.ok()) {
    EXPECT_LE(pool->capacity_bytes(), uint64_t{UINT32_MAX} * kFrameUnit);
  } else {
    EXPECT_EQ(pool.status().code(), absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace mosd::dataplane
