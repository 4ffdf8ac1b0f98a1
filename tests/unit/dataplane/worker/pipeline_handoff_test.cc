// Two workers, and frames that come to the one of them that does not own their
// flow: each is tracked by its owner, and none leaves anything behind.
#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/worker/handoff.h"
#include "tests/support/packet.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::dataplane {
namespace {

using testing::Bytes;
using testing::Packet;
using testing::PipelineRig;

constexpr uint32_t kWorkers = 2;
constexpr uint32_t kFlows = 200;
constexpr uint32_t kFrameBytes = 1514;
constexpr uint32_t kFrames = 4 * Pipeline::kBurst;

class PipelineHandoffTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(StartEal({}).ok());
    ASSERT_TRUE(RegisterFrameStamp().ok());
    frames_ = rte_pktmbuf_pool_create(
        "frames", kFrames, 0, 0, RTE_PKTMBUF_HEADROOM + 2048, SOCKET_ID_ANY);
    ASSERT_NE(frames_, nullptr);
    auto handoff = Handoff::Create(kWorkers);
    ASSERT_TRUE(handoff.ok()) << handoff.status();
    handoff_ = *std::move(handoff);
    for (uint32_t i = 0; i < kWorkers; ++i) {
      workers_.push_back(std::make_unique<PipelineRig>(
          kFlows, kFrameBytes, PipelineRig::Share{i, hash_, handoff_.get()}));
    }
  }
  void TearDown() override {
    handoff_.reset();
    rte_mempool_free(frames_);
  }

  // The next one in order, in mid-stream, with so much payload.
  rte_mbuf* Frame(uint32_t flow, uint32_t sender, uint32_t payload_bytes) {
    uint32_t(&next)[2] = next_seq_[flow];
    const std::string client = absl::StrCat("10.0.1.", flow);
    const std::string server = "10.0.0.1";
    const Bytes bytes =
        Packet()
            .Ipv4(sender == 0 ? client : server, sender == 0 ? server : client)
            .Tcp(sender == 0 ? 4000 : 80, sender == 0 ? 80 : 4000)
            .Flags(kTcpAck)
            .Seq(next[sender])
            .Ack(next[1 - sender])
            .Payload(std::string(payload_bytes, 'x'))
            .Build();
    next[sender] += payload_bytes;
    rte_mbuf* const frame = rte_pktmbuf_alloc(frames_);
    std::memcpy(rte_pktmbuf_append(frame, static_cast<uint16_t>(bytes.size())),
                bytes.data(), bytes.size());
    *StampOf(frame) = {++now_ns_, static_cast<uint32_t>(bytes.size()), 0, false,
                       0};
    return frame;
  }

  // What one worker sent on, the other takes.
  void TakeOver(uint32_t worker) {
    std::array<rte_mbuf*, Pipeline::kBurst> burst;
    while (const uint32_t count =
               handoff_->Receive(worker, burst.data(), burst.size())) {
      workers_[worker]->pipeline().TakeOver(burst.data(), count);
    }
  }

  FrameCounts CountsOf(uint32_t worker) const {
    return workers_[worker]->pipeline().counts();
  }

  // Slots that have a frame, and buffers that are taken.
  void ExpectNoBufferLost(const PipelineRig& rig) const {
    uint64_t buffers = 0;
    for (size_t i = 0; i < kFrameClasses; ++i) {
      buffers += rig.frame_pool().InUse(i);
    }
    uint64_t frames = 0;
    for (uint32_t i = 0; i < rig.flows().record_count(); ++i) {
      FlowSnapshot flow{};
      if (!rig.flows().ReadAt(i, &flow)) continue;
      frames += flow.side[0].has_last_frame + flow.side[1].has_last_frame;
    }
    EXPECT_GT(frames, 0u);
    EXPECT_EQ(buffers, frames);
  }

  const FlowHash hash_;
  rte_mempool* frames_ = nullptr;
  std::unique_ptr<Handoff> handoff_;
  std::vector<std::unique_ptr<PipelineRig>> workers_;
  uint32_t next_seq_[kFlows][2] = {};
  int64_t now_ns_ = 1'700'000'000'000'000'000;
};

TEST_F(PipelineHandoffTest, EachFrameIsItsOwnersAndLeavesNothing) {
  std::mt19937 random(3);
  const auto chance = [&](uint32_t below) {
    return static_cast<uint32_t>(random() % below);
  };
  uint64_t received = 0;
  for (int i = 0; i < 500; ++i) {
    std::array<rte_mbuf*, Pipeline::kBurst> burst;
    for (rte_mbuf*& frame : burst) {
      frame = Frame(chance(kFlows), chance(2), chance(2) == 0 ? 0 : 1400);
    }
    const uint32_t worker = chance(kWorkers);
    workers_[worker]->pipeline().Receive(burst.data(), burst.size());
    received += burst.size();
    for (uint32_t owner = 0; owner < kWorkers; ++owner) TakeOver(owner);
  }
  uint64_t accounted = 0;
  for (uint32_t i = 0; i < kWorkers; ++i) {
    const FrameCounts counts = CountsOf(i);
    EXPECT_GT(counts.handed_out, 1000u);
    EXPECT_EQ(counts.received + counts.handed_in,
              counts.accounted + counts.handed_out);
    accounted += counts.accounted;
    ExpectNoBufferLost(*workers_[i]);
  }
  EXPECT_EQ(accounted, received);
  EXPECT_EQ(CountsOf(0).handed_in, CountsOf(1).handed_out);
  EXPECT_EQ(CountsOf(1).handed_in, CountsOf(0).handed_out);
  EXPECT_EQ(
      workers_[0]->flows().record_count() + workers_[1]->flows().record_count(),
      kFlows);
  EXPECT_EQ(rte_mempool_avail_count(frames_), kFrames);
}

}  // namespace
}  // namespace mosd::dataplane
