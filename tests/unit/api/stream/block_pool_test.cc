#include "api/stream/block_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>

namespace mosd::api {
namespace {

TEST(BlockPoolTest, HandsOutEachBlockOnceUpToItsCapacity) {
  auto pool = *BlockPool::Create(100 * kBlockBytes);
  EXPECT_EQ(pool->capacity(), 100u);
  std::set<uint32_t> blocks;
  for (int i = 0; i < 100; ++i) {
    const uint32_t block = pool->Acquire();
    ASSERT_NE(block, kNoBlock);
    EXPECT_TRUE(blocks.insert(block).second);
    EXPECT_EQ(pool->Held(block).NextHeld(0), kBlockBytes);
    pool->Held(block).Add(0, kBlockBytes);
    pool->Data(block)[kBlockBytes - 1] = static_cast<uint8_t>(i);
  }
  EXPECT_EQ(pool->Acquire(), kNoBlock);
  EXPECT_EQ(pool->in_use(), 100u);
  pool->Release(*blocks.begin());
  EXPECT_EQ(pool->in_use(), 99u);
  EXPECT_EQ(pool->Acquire(), *blocks.begin());
  EXPECT_EQ(pool->Held(*blocks.begin()).NextHeld(0), kBlockBytes);
}

TEST(BlockPoolTest, IsScarceWhenAnEighthIsLeft) {
  auto pool = *BlockPool::Create(80 * kBlockBytes);
  for (int i = 0; i < 69; ++i) pool->Acquire();
  EXPECT_FALSE(pool->Scarce());
  pool->Acquire();
  EXPECT_TRUE(pool->Scarce());
  EXPECT_EQ(pool->Available(), 10u);
}

TEST(BlockPoolTest, SmallSizesBecomeTheLeastAndHugeOnesAnErrorAtMost) {
  EXPECT_EQ((*BlockPool::Create(0))->capacity(), BlockPool::kLeastBlocks);
  const auto huge = BlockPool::Create(UINT64_MAX);
  if (!huge.ok()) {
    EXPECT_EQ(huge.status().code(), absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace mosd::api
