// What is planned is what is mapped, and what a pool really holds.
#include "dataplane/memory_plan.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "dataplane/base/region.h"
#include "dataplane/flow/flow_event_ring.h"
#include "dataplane/flow/flow_hash.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/port/eal_needs.h"

namespace mosd::dataplane {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

uint64_t MappedBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t pages = 0;
  statm >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

DataplaneOptions Options(const std::string& device = "pcap:x") {
  DataplaneOptions options;
  options.ports.emplace_back().device = device;
  return options;
}

TEST(MemoryPlan, FlowsAreWhatATableMaps) {
  DataplaneOptions options = Options();
  options.max_flows = 300'000;
  options.max_ended_flows = 50'000;
  const MemoryPlan plan = PlanMemory(options, false);
  const uint64_t planned =
      plan.flow_records.mapped_bytes + plan.cold_records.mapped_bytes +
      plan.key_tails.mapped_bytes + plan.carried_counts.mapped_bytes +
      plan.flow_index.mapped_bytes;
  FlowHash hash;
  auto pool = FramePool::Create(kMiB);
  ASSERT_TRUE(pool.ok());
  FrameWriter frames(&*pool);
  FlowEventRing events;
  const uint64_t before = MappedBytes();
  FlowTableOptions shape;
  shape.max_flows = options.max_flows;
  shape.max_ended_flows = options.max_ended_flows;
  const auto table = FlowTable::Create(shape, &hash, &frames, &events);
  ASSERT_TRUE(table.ok());
  EXPECT_NEAR(static_cast<double>(MappedBytes() - before),
              static_cast<double>(planned), static_cast<double>(kMiB));
  EXPECT_EQ(plan.flow_records.count, 350'256u);
  EXPECT_EQ(plan.flow_records.most_bytes, plan.flow_records.mapped_bytes);
  EXPECT_NEAR(static_cast<double>(plan.ended_flow_bytes),
              static_cast<double>(planned) / 7, static_cast<double>(kMiB));
}

TEST(MemoryPlan, LastFramesAreWhatAPoolMaps) {
  DataplaneOptions options = Options();
  options.last_frame_bytes = 100 * kMiB;
  const MemoryPlan plan = PlanMemory(options, false);
  const uint64_t before = MappedBytes();
  const auto pool = FramePool::Create(100 * kMiB);
  ASSERT_TRUE(pool.ok());
  EXPECT_NEAR(static_cast<double>(MappedBytes() - before),
              static_cast<double>(plan.last_frames.mapped_bytes +
                                  plan.last_frame_lists.mapped_bytes),
              static_cast<double>(kMiB));
  EXPECT_EQ(plan.last_frames.most_bytes, plan.last_frames.mapped_bytes);
  EXPECT_LE(plan.last_frame_lists.most_bytes,
            plan.last_frame_lists.mapped_bytes);
}

TEST(MemoryPlan, LastFramesThatAreOffAreNeverTouched) {
  DataplaneOptions options = Options();
  options.last_frame = false;
  const MemoryPlan plan = PlanMemory(options, false);
  EXPECT_EQ(plan.last_frames.most_bytes, 0u);
  EXPECT_EQ(plan.last_frame_lists.most_bytes, 0u);
  EXPECT_GT(plan.last_frames.mapped_bytes, 0u);
}

TEST(MemoryPlan, WorkersShareFlowsAndHaveRingsOfTheirOwn) {
  DataplaneOptions options = Options();
  const MemoryPlan one = PlanMemory(options, false);
  options.workers = 4;
  const MemoryPlan four = PlanMemory(options, false);
  EXPECT_EQ(four.flow_records.count,
            one.flow_records.count + 3 * FlowTable::kBurstSlack);
  EXPECT_EQ(four.last_frames.count, one.last_frames.count);
  EXPECT_EQ(four.workers.count, 4u);
  EXPECT_GE(four.workers.most_bytes, 4 * FlowEventRing::kBytes);
  EXPECT_GT(four.dpdk.most_bytes, one.dpdk.most_bytes);
}

TEST(MemoryPlan, PortsTakeWhatTheyAskFor) {
  const auto of = [](const std::string& device) {
    return PlanMemory(Options(device), false);
  };
  const MemoryPlan capture = of("pcap:x");
  EXPECT_EQ(capture.packet_buffers.count, 32768u);
  EXPECT_EQ(capture.locked_bytes, 0u);
  // On small pages a buffer that a device writes into has one of its own.
  const MemoryPlan nic = of("0000:03:00.0");
  EXPECT_GE(nic.packet_buffers.most_bytes, 32768u * 4096u);
  EXPECT_LT(PlanMemory(Options("0000:03:00.0"), true).packet_buffers.most_bytes,
            nic.packet_buffers.most_bytes);
  EXPECT_EQ(of("af_xdp:eth0").packet_buffers.count, 8192u);
  EXPECT_GE(of("af_xdp:eth0").locked_bytes, 8192u * 4096u);
  EXPECT_LT(of("ring:r").packet_buffers.most_bytes, 2 * kMiB);
  // Frames of up to 64 KiB, and a ring of the kernel's for each queue.
  const MemoryPlan interface = of("af_packet:eth0");
  EXPECT_EQ(interface.packet_buffers.count, 2048u);
  EXPECT_GE(interface.packet_buffers.most_bytes, 2048u * 65376u);
  EXPECT_NEAR(static_cast<double>(interface.locked_bytes), 68.0 * kMiB,
              1.0 * kMiB);
  const MemoryPlan small = of("af_packet:eth0,framesz=2048");
  EXPECT_EQ(small.packet_buffers.count, 32768u);
  EXPECT_EQ(small.locked_bytes, 32 * kMiB);
}

TEST(MemoryPlan, WithoutAPortItIsThatOfAnInterface) {
  const MemoryPlan none = PlanMemory(DataplaneOptions(), false);
  const MemoryPlan one = PlanMemory(Options("af_packet:eth0"), false);
  EXPECT_EQ(none.packet_buffers.most_bytes, one.packet_buffers.most_bytes);
  EXPECT_EQ(none.hugepage_mib, one.hugepage_mib);
}

TEST(MemoryPlan, PortsOfSeveralKindsAreAddedUp) {
  DataplaneOptions options = Options("0000:03:00.0");
  options.ports.emplace_back().device = "null:";
  const MemoryPlan plan = PlanMemory(options, false);
  EXPECT_EQ(plan.packet_buffers.count, 32768u);  // shared
  EXPECT_EQ(plan.packet_buffers.each_bytes, 0u);
}

TEST(MemoryPlan, NothingThatIsRefusedLaterUpsetsIt) {
  for (const char* device : {"", "pigeon:x", "af_packet:eth0,framesz=77",
                             "af_packet:eth0,framecnt=x", "pcap:"}) {
    EXPECT_GT(PlanMemory(Options(device), false).packet_buffers.most_bytes, 0u);
  }
}

TEST(MemoryPlan, HugePagesAreWhatEalWants) {
  const DataplaneOptions options = Options();
  const MemoryPlan plan = PlanMemory(options, true);
  EXPECT_EQ(plan.hugepage_mib, EalNeeds::Of(options).memory_mib);
  EXPECT_GE(plan.hugepage_mib * kMiB, plan.packet_buffers.most_bytes);
}

TEST(MemoryPlan, RoomIsWhatAPoolHolds) {
  DataplaneOptions options = Options();
  options.last_frame_bytes = 3 * kMiB;
  options.max_flows = 1000;
  options.max_ended_flows = 500;
  const LastFrameRoom small = RoomForLastFrames(options, 64);
  EXPECT_EQ(small.buffer_bytes, 96u);
  EXPECT_NEAR(static_cast<double>(small.flows), 3.0 * kMiB / 96 / 2, 200);
  EXPECT_EQ(RoomForLastFrames(options, 1514).buffer_bytes, 1600u);
  options.snaplen_bytes = 256;
  EXPECT_EQ(RoomForLastFrames(options, 1514).frame_bytes, 256u);
  EXPECT_GE(small.bytes_for_all, 2u * 1500u * 96u);
  EXPECT_LE(small.bytes_for_all, 2u * 2000u * 96u);
}

}  // namespace
}  // namespace mosd::dataplane
