// Two workers, and frames of a pool that come to the one of them that does not
// own their flow: each is tracked by its owner, and none leaves anything
// behind, whatever is kept of them and whoever is told.
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
#include "tests/support/counting_sink.h"
#include "tests/support/packet.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::dataplane {
namespace {

using testing::Bytes;
using testing::CountingSink;
using testing::Packet;
using testing::PipelineRig;

constexpr uint32_t kWorkers = 2;
constexpr uint32_t kFlows = 200;
constexpr uint32_t kFrameBytes = 1514;
constexpr uint32_t kFrames = 4 * Pipeline::kBurst;

struct Way {
  const char* name;
  bool last_frame;
  uint32_t snaplen_bytes;
  uint32_t interest;  // of a program; 0: there is none
};

class PipelineHandoffTest : public ::testing::TestWithParam<Way> {
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
          PipelineRig::Options{.flows = kFlows,
                               .frame_bytes = kFrameBytes,
                               .last_frame = GetParam().last_frame,
                               .snaplen_bytes = GetParam().snaplen_bytes,
                               .worker = i,
                               .hash = hash_,
                               .handoff = handoff_.get()}));
      if (GetParam().interest == 0) continue;
      sinks_.push_back(std::make_unique<CountingSink>(GetParam().interest));
      workers_.back()->Attach(sinks_.back().get());
    }
  }
  void TearDown() override {
    handoff_.reset();
    rte_mempool_free(frames_);
  }

  rte_mbuf* Frame(const Bytes& bytes) {
    rte_mbuf* const frame = rte_pktmbuf_alloc(frames_);
    std::memcpy(rte_pktmbuf_append(frame, static_cast<uint16_t>(bytes.size())),
                bytes.data(), bytes.size());
    const bool maybe_cut = Chance(10) == 0;
    *StampOf(frame) = {++now_ns_, static_cast<uint32_t>(bytes.size()), 0,
                       maybe_cut, 0};
    return frame;
  }

  // Mostly the next one in order of some connection, in mid-stream.
  rte_mbuf* NextFrame() {
    if (Chance(20) == 0) {
      return Frame(Packet().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Build());
    }
    const uint32_t flow = Chance(kFlows);
    const uint32_t sender = Chance(2);
    uint32_t(&next)[2] = next_seq_[flow];
    const std::string client = absl::StrCat("10.0.1.", flow);
    const std::string server = "10.0.0.1";
    const uint32_t payload_bytes = Chance(2) == 0 ? 0 : 1400;
    Packet packet;
    packet.Ipv4(sender == 0 ? client : server, sender == 0 ? server : client)
        .Tcp(sender == 0 ? 4000 : 80, sender == 0 ? 80 : 4000)
        .Flags(kTcpAck)
        .Seq(next[sender])
        .Ack(next[1 - sender])
        .Payload(std::string(payload_bytes, 'x'));
    if (Chance(2) == 0) packet.TcpOptions(Bytes(20, 1));  // no-operations
    next[sender] += payload_bytes;
    return Frame(packet.Build());
  }

  uint32_t Chance(uint32_t below) {
    return static_cast<uint32_t>(random_() % below);
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
    EXPECT_EQ(frames > 0, GetParam().last_frame);
    EXPECT_EQ(buffers, frames);
  }

  std::mt19937 random_{3};
  const FlowHash hash_;
  rte_mempool* frames_ = nullptr;
  std::unique_ptr<Handoff> handoff_;
  std::vector<std::unique_ptr<CountingSink>> sinks_;
  std::vector<std::unique_ptr<PipelineRig>> workers_;
  uint32_t next_seq_[kFlows][2] = {};
  int64_t now_ns_ = 1'700'000'000'000'000'000;
};

TEST_P(PipelineHandoffTest, EachFrameIsItsOwnersAndLeavesNothing) {
  uint64_t received = 0;
  for (int i = 0; i < 500; ++i) {
    std::array<rte_mbuf*, Pipeline::kBurst> burst;
    for (rte_mbuf*& frame : burst) frame = NextFrame();
    workers_[Chance(kWorkers)]->pipeline().Receive(burst.data(), burst.size());
    received += burst.size();
    for (uint32_t owner = 0; owner < kWorkers; ++owner) TakeOver(owner);
  }
  uint64_t done = 0;
  uint64_t dropped = 0;
  for (uint32_t i = 0; i < kWorkers; ++i) {
    const FrameCounts counts = CountsOf(i);
    const uint64_t udp = counts.drops[static_cast<size_t>(DropReason::kUdp)];
    EXPECT_GT(counts.handed_out, 1000u);
    EXPECT_EQ(counts.received + counts.handed_in,
              counts.accounted + counts.handed_out + udp);
    done += counts.accounted;
    dropped += udp;
    ExpectNoBufferLost(*workers_[i]);
  }
  EXPECT_EQ(done + dropped, received);
  EXPECT_GT(dropped, 1000u);
  EXPECT_EQ(CountsOf(0).handed_in, CountsOf(1).handed_out);
  EXPECT_EQ(CountsOf(1).handed_in, CountsOf(0).handed_out);
  EXPECT_EQ(
      workers_[0]->flows().record_count() + workers_[1]->flows().record_count(),
      kFlows);
  uint64_t orphans = 0;
  for (const auto& sink : sinks_) orphans += sink->orphans;
  if (GetParam().interest != 0) {
    EXPECT_EQ(orphans, done);  // as flows in mid-stream are
  }
  EXPECT_EQ(rte_mempool_avail_count(frames_), kFrames);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, PipelineHandoffTest,
    ::testing::Values(
        Way{"Whole", true, 9216, 0}, Way{"Short", true, 64, 0},
        Way{"NotKept", false, 9216, 0},
        Way{"Told", true, 9216, FlowSink::kFlows | FlowSink::kOrphans},
        Way{"ToldAll", true, 9216,
            FlowSink::kFlows | FlowSink::kOrphans | FlowSink::kFrames}),
    [](const auto& way) { return std::string(way.param.name); });

}  // namespace
}  // namespace mosd::dataplane
