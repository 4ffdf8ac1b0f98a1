#include "api/stream/block_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

namespace mosd::api {
namespace {

// A window against a map, at every width there is.
TEST(BlockWindowTest, AgreesWithAMap) {
  auto pool = *BlockPool::Create(4000 * kBlockBytes);
  BlockWindow window{};
  std::map<uint64_t, uint32_t> expected;
  std::mt19937_64 random(1);
  uint64_t first = 0;
  for (int step = 0; step < 60'000; ++step) {
    const uint64_t width = uint64_t{1} << (step / 64 % 21);
    const uint64_t number = first + random() % width;
    switch (random() % 8) {
      case 0: {
        const uint64_t end = number;
        window.ReleaseBelow(pool.get(), first, end);
        expected.erase(expected.begin(), expected.lower_bound(end));
        first = end;
        if (!expected.empty()) {
          window.Narrow(pool.get(), first, expected.rbegin()->first);
        }
        break;
      }
      case 1: {
        const auto next = expected.lower_bound(number);
        const uint64_t end = number + random() % width;
        ASSERT_EQ(window.Next(*pool, first, number, end),
                  next == expected.end() ? end : std::min(next->first, end));
        break;
      }
      default: {
        const uint32_t block = window.FindOrAcquire(pool.get(), first, number);
        ASSERT_NE(block, kNoBlock);
        const auto [known, is_new] = expected.try_emplace(number, block);
        ASSERT_EQ(known->second, block) << number;
        break;
      }
    }
    if (step % 64 == 0) {
      for (const auto& [at, block] : expected) {
        ASSERT_EQ(window.Find(*pool, first, at), block) << at;
      }
      ASSERT_EQ(window.Find(*pool, first, UINT64_MAX / kBlockBytes), kNoBlock);
    }
    if (expected.size() > 500) {
      window.Clear(pool.get());
      expected.clear();
      ASSERT_EQ(pool->in_use(), 0u);
    }
  }
}

// Blocks are all that a window takes which fits the ring, however wide it was.
TEST(BlockWindowTest, GivesItsNodesBackWhenItIsNarrowAgain) {
  auto pool = *BlockPool::Create(100 * kBlockBytes);
  BlockWindow window{};
  for (const uint64_t number : {0u, 9u, 600u, 1'000'000u, 1'000'001u}) {
    ASSERT_NE(window.FindOrAcquire(pool.get(), 0, number), kNoBlock);
  }
  EXPECT_GT(pool->in_use(), 5u);
  window.ReleaseBelow(pool.get(), 0, 1'000'000);
  window.Narrow(pool.get(), 1'000'000, 1'000'001);
  EXPECT_EQ(pool->in_use(), 2u);
  EXPECT_NE(window.Find(*pool, 1'000'000, 1'000'001), kNoBlock);
  window.Clear(pool.get());
  EXPECT_EQ(pool->in_use(), 0u);
}

TEST(BlockWindowTest, TakesNothingWhenItCannotHaveAll) {
  auto pool = *BlockPool::Create(BlockPool::kLeastBlocks * kBlockBytes);
  BlockWindow window{};
  for (uint64_t number = 0; number < 7; ++number) {
    ASSERT_NE(window.FindOrAcquire(pool.get(), 0, number), kNoBlock);
  }
  EXPECT_EQ(window.FindOrAcquire(pool.get(), 0, 20), kNoBlock);
  EXPECT_EQ(pool->in_use(), 7u);
  EXPECT_NE(window.FindOrAcquire(pool.get(), 0, 7), kNoBlock);
}

}  // namespace
}  // namespace mosd::api
