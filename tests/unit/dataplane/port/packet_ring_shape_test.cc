#include "dataplane/port/packet_ring_shape.h"

#include <gtest/gtest.h>

namespace mosd::dataplane {
namespace {

PacketRingShape ShapeFor(uint32_t longest_frame, uint32_t queues = 1,
                         const std::string& extra = "") {
  auto spec = ParseDeviceSpec("af_packet:eth0" + extra);
  EXPECT_TRUE(spec.ok());
  auto shape = ShapePacketRing(longest_frame, queues, *spec);
  EXPECT_TRUE(shape.ok()) << shape.status();
  return shape.value_or(PacketRingShape{});
}

// What packet(7) and DPDK's driver demand together.
void ExpectPossible(const PacketRingShape& shape) {
  EXPECT_EQ(shape.frame_bytes % 16, 0U);
  EXPECT_EQ(shape.block_bytes % 4096, 0U);
  EXPECT_EQ(shape.block_bytes % shape.frame_bytes, 0U);
  EXPECT_EQ(shape.frames % (shape.block_bytes / shape.frame_bytes), 0U);
  EXPECT_GE(shape.frames, 256U);
  EXPECT_LE(shape.buffer_bytes() + 128, 65535U);
  EXPECT_LT(shape.longest_frame(), shape.buffer_bytes());
}

TEST(PacketRingShape, EveryFrameFitsIfItCan) {
  for (uint32_t longest = 60; longest <= 14 + 65535; ++longest) {
    const PacketRingShape shape = ShapeFor(longest);
    ExpectPossible(shape);
    // With 16 bits for its size, a buffer with headroom holds no more.
    ASSERT_GE(shape.longest_frame(), std::min(longest, 65342U));
  }
}

TEST(PacketRingShape, AnAggregateOfFullSegmentsFits) {
  // 45 segments of 1448 bytes, Ethernet, IPv4, TCP with timestamps.
  EXPECT_GE(ShapeFor(65549).longest_frame(), 45U * 1448 + 66);
}

TEST(PacketRingShape, TheMemoryIsSharedByTheQueues) {
  for (const uint32_t longest : {1522U, 9022U, 65549U}) {
    for (const uint32_t queues : {1U, 2U, 4U, 16U}) {
      const PacketRingShape shape = ShapeFor(longest, queues);
      ExpectPossible(shape);
      if (shape.frames > 600) {
        EXPECT_LE(shape.locked_bytes(queues), (uint64_t{2} << 25) + (2 << 22));
      }
    }
  }
}

TEST(PacketRingShape, TheUserKnowsBetter) {
  const PacketRingShape shape =
      ShapeFor(1522, 1, ",framesz=4096,blocksz=8192,framecnt=64");
  EXPECT_EQ(shape.frame_bytes, 4096U);
  EXPECT_EQ(shape.block_bytes, 8192U);
  EXPECT_EQ(shape.frames, 64U);
}

TEST(PacketRingShape, RefusesTheImpossible) {
  for (const char* extra :
       {",framesz=0", ",framesz=x", ",framesz=-1", ",framesz=100",
        ",framesz=65424", ",framesz=99999999999", ",blocksz=0", ",blocksz=1",
        ",blocksz=6144", ",blocksz=2147483648", ",framecnt=0", ",framecnt=3",
        ",framecnt=4294967295", ",framesz=65408,blocksz=4096"}) {
    auto spec = ParseDeviceSpec(std::string("af_packet:eth0") + extra);
    ASSERT_TRUE(spec.ok()) << extra;
    const auto status = ShapePacketRing(1522, 1, *spec).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << extra << status;
  }
}

}  // namespace
}  // namespace mosd::dataplane
