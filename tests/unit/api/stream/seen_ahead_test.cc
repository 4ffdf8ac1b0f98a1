#include "api/stream/seen_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace mosd::api {
namespace {

// One bit a byte, of all that came.
class Reference {
 public:
  Reference() : seen_(kBytes) {}

  // As the tracker has it: where the first hole is by this segment alone, and
  // whether one of its bytes came before, in order or ahead.
  bool Note(uint64_t begin, uint64_t end) {
    const auto first = seen_.begin() + static_cast<int64_t>(begin);
    const auto last = seen_.begin() + static_cast<int64_t>(end);
    const bool again = std::find(first, last, true) != last;
    std::fill(first, last, true);
    return again;
  }
  uint64_t in_order() const {
    return static_cast<uint64_t>(std::ranges::find(seen_, false) -
                                 seen_.begin());
  }
  // Runs of bytes beyond the first hole.
  size_t ranges() const {
    size_t count = 0;
    for (size_t at = in_order(); at < kBytes; ++at) {
      count += seen_[at] && !seen_[at - 1] ? 1u : 0u;
    }
    return count;
  }

  static constexpr size_t kBytes = 400;

 private:
  std::vector<bool> seen_;
};

TEST(SeenAheadTest, AgreesWithOneBitAByte) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 2000; ++trial) {
    Reference reference;
    SeenAhead ahead{};
    uint64_t in_order = 0;
    while (reference.ranges() <= SeenAhead::kRanges) {
      const uint64_t begin = random() % (Reference::kBytes - 60);
      const uint64_t end = begin + 1 + random() % 50;
      Reference next = reference;
      const bool again = next.Note(begin, end);
      if (next.ranges() > SeenAhead::kRanges) break;
      const bool behind = begin < in_order;
      if (begin <= in_order) in_order = std::max(in_order, end);
      ASSERT_EQ(ahead.Note(begin, end, &in_order) || behind, again)
          << begin << " to " << end;
      reference = next;
      ASSERT_EQ(in_order, reference.in_order());
      ASSERT_EQ(ahead.empty(), reference.ranges() == 0);
      if (in_order >= Reference::kBytes - 60) break;
    }
  }
}

TEST(SeenAheadTest, OfTooManyRangesTheOldestIsForgotten) {
  SeenAhead ahead{};
  uint64_t in_order = 0;
  for (uint64_t begin = 10; begin <= 40; begin += 10) {
    EXPECT_FALSE(ahead.Note(begin, begin + 5, &in_order));
  }
  EXPECT_TRUE(ahead.Note(20, 25, &in_order));
  EXPECT_TRUE(ahead.Note(44, 50, &in_order));
  EXPECT_FALSE(ahead.Note(10, 15, &in_order));
  EXPECT_FALSE(ahead.Note(30, 35, &in_order)) << "the oldest by then";
  EXPECT_EQ(in_order, 0);
}

TEST(SeenAheadTest, WhatTheReceiverAcknowledgesIsNotAheadAnyMore) {
  SeenAhead ahead{};
  uint64_t in_order = 0;
  ahead.Note(10, 20, &in_order);
  ahead.Note(30, 40, &in_order);
  in_order = 35;  // by an acknowledgement
  EXPECT_FALSE(ahead.Note(50, 60, &in_order));
  EXPECT_EQ(in_order, 40);
  in_order = 100;
  EXPECT_FALSE(ahead.Note(100, 110, &in_order));
  EXPECT_EQ(in_order, 110);
  EXPECT_TRUE(ahead.empty());
}

TEST(SeenAheadTest, AnyOffsetIsSafe) {
  SeenAhead ahead{};
  uint64_t in_order = UINT64_MAX - 5;
  EXPECT_FALSE(ahead.Note(UINT64_MAX - 2, UINT64_MAX, &in_order));
  EXPECT_TRUE(ahead.Note(UINT64_MAX - 1, UINT64_MAX, &in_order));
  EXPECT_FALSE(ahead.Note(UINT64_MAX - 5, UINT64_MAX - 2, &in_order));
  EXPECT_EQ(in_order, UINT64_MAX);
}

}  // namespace
}  // namespace mosd::api
