// How many flows a worker takes up in a second while a million are live.
//
//   new_flow_bench [PACKETS [ROUNDS [LIVE_FLOWS]]]
//
// Handshakes come in windows of 1,600 flows, all SYNs before all SYN/ACKs
// before all ACKs: the segments of a flow are 1,600 frames apart. After each
// window as many of the oldest flows are closed, by FINs of both sides, and are
// given back as what has ended is. That is how room is made at this rate: a
// flow lives half a second, and a table that had none left would evict the
// half-open flows first, which are those under way, and of the established ones
// only such as have been silent for a minute (FlowTable::MakeRoom).
//
// PACKETS: of handshakes, in a round. CPU time, over receiving and freeing the
// same frames: of the handshakes alone, and with as many closed.
#include <rte_mbuf.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/frame_source.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::bench {
namespace {

using dataplane::EndReason;
using dataplane::FlowState;

constexpr uint32_t kFrameBytes = 60;
constexpr uint32_t kWindow = 1'600;  // flows
static_assert(kWindow % FrameSource::kBurst == 0);
constexpr uint32_t kSegments = 3;  // of a handshake, and of a close
constexpr double kTargetPerSecond = 2e6;

constexpr Segment CloseSegment(uint32_t step) {
  constexpr uint8_t kFin = RTE_TCP_FIN_FLAG | RTE_TCP_ACK_FLAG;
  switch (step) {
    case 0:
      return {true, kFin, kClientIsn + 1, kServerIsn + 1, 0};
    case 1:
      return {false, kFin, kServerIsn + 1, kClientIsn + 2, 0};
    default:
      return {true, RTE_TCP_ACK_FLAG, kClientIsn + 2, kServerIsn + 2, 0};
  }
}

struct Times {
  double open_ns = 0;
  double close_ns = 0;
};

// Flows that come and go in windows; who takes the frames frees them.
class Turnover {
 public:
  Turnover() : source_(kFrameBytes) {}

  template <typename Take>
  void Open(Take take) {
    Send(opened_, HandshakeSegment, take);
    opened_ += kWindow;
  }

  template <typename Take>
  void Close(Take take) {
    Send(closed_, CloseSegment, take);
    closed_ += kWindow;
  }

  // CPU time a flow, of `windows` that come while as many go.
  template <typename Take>
  Times Turn(uint64_t windows, Take take) {
    Times times;
    for (uint64_t i = 0; i < windows; ++i) {
      const double start = ThreadCpuNs();
      Open(take);
      const double middle = ThreadCpuNs();
      Close(take);
      times.open_ns += middle - start;
      times.close_ns += ThreadCpuNs() - middle;
    }
    const auto flows = static_cast<double>(windows * kWindow);
    return {times.open_ns / flows, times.close_ns / flows};
  }

  uint32_t opened() const { return opened_; }
  uint32_t closed() const { return closed_; }

 private:
  template <typename Take>
  void Send(uint32_t first, Segment (*segment)(uint32_t), Take take) {
    rte_mbuf* frames[FrameSource::kBurst];
    for (uint32_t step = 0; step < kSegments; ++step) {
      for (uint32_t i = 0; i < kWindow;) {
        source_.Take(frames);
        for (rte_mbuf* frame : frames) {
          source_.Write(frame, UsualTuple(first + i++), segment(step));
        }
        take(frames);
      }
    }
  }

  FrameSource source_;
  uint32_t opened_ = 0;  // numbers of flows
  uint32_t closed_ = 0;
};

// A benchmark of flows that were not tracked to their ends would say nothing.
void Check(const testing::PipelineRig& rig, const Turnover& turnover) {
  const dataplane::FrameCounts& frames = rig.pipeline().counts();
  const dataplane::FlowTableCounts& flows = rig.flows().counts();
  const uint64_t sent =
      uint64_t{kSegments} * (uint64_t{turnover.opened()} + turnover.closed());
  const uint64_t established =
      flows.by_state[static_cast<size_t>(FlowState::kEstablished)];
  const uint64_t closed =
      flows.ended[static_cast<size_t>(EndReason::kFinClient)];
  const uint64_t evicted =
      flows.ended[static_cast<size_t>(EndReason::kEvicted)];
  if (frames.accounted == sent && frames.retransmitted == 0 &&
      flows.started == turnover.opened() && flows.midstream == 0 &&
      closed == turnover.closed() && evicted == 0 &&
      established == turnover.opened() - turnover.closed()) {
    return;
  }
  Fail(Grouped(sent) + " frames sent, " + Grouped(frames.accounted) +
       " accounted; of " + Grouped(turnover.opened()) + " flows " +
       Grouped(flows.started) + " begun, of " + Grouped(turnover.closed()) +
       " closed " + Grouped(closed) + ", " + Grouped(evicted) + " evicted, " +
       Grouped(established) + " established");
}

void PrintRow(const std::string& measure, double target_per_second,
              const std::vector<double>& costs,
              const std::vector<double>& bases, uint32_t segments) {
  std::vector<double> millions;
  for (const double cost : costs) millions.push_back(1e3 / cost);
  const Spread rate = SpreadOf(millions);
  Row row{measure,
          "",
          Format(rate, 2, "million"),
          "rx-only of the " + Grouped(segments) + " frames " +
              Format(SpreadOf(bases), 1, "ns"),
          Format(SpreadOf(Ratios(costs, bases)), 1),
          std::nullopt};
  if (target_per_second != 0) {
    row.target =
        "at least " + Grouped(static_cast<uint64_t>(target_per_second));
    row.reached = rate.median * 1e6 >= target_per_second;
  }
  Print(row);
}

void Run(uint64_t windows, uint64_t rounds, uint32_t live_flows) {
  // Room for the window that is there before as many have gone.
  testing::PipelineRig rig(live_flows + kWindow, kFrameBytes, true);
  const auto track = [&](rte_mbuf** frames) {
    rig.pipeline().Receive(frames, FrameSource::kBurst);
    rig.pipeline().PassTime(0);
  };
  const auto free = [](rte_mbuf** frames) {
    rte_pktmbuf_free_bulk(frames, FrameSource::kBurst);
  };
  Turnover flows;
  Turnover rx_only;
  while (flows.opened() < live_flows) flows.Open(track);
  std::vector<double> open_bases, bases, opens, turns;
  for (uint64_t i = 0; i < rounds; ++i) {
    const Times base = rx_only.Turn(windows, free);
    const Times times = flows.Turn(windows, track);
    open_bases.push_back(base.open_ns);
    bases.push_back(base.open_ns + base.close_ns);
    opens.push_back(times.open_ns - open_bases.back());
    turns.push_back(times.open_ns + times.close_ns - bases.back());
  }
  Check(rig, flows);
  const std::string of = ", " + Grouped(live_flows) + " live, 60 B";
  PrintRow("new flows a second" + of, kTargetPerSecond, opens, open_bases,
           kSegments);
  PrintRow("new flows, and as many closed, a second" + of, 0, turns, bases,
           2 * kSegments);
}

int Main(int argc, char** argv) {
  const uint64_t packets = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 11);
  const uint64_t live = Argument(argc, argv, 3, 1'000'000);
  const uint64_t windows = (packets / kSegments + kWindow - 1) / kWindow;
  constexpr uint64_t kMostLive = 100'000'000;
  if (windows == 0 || rounds == 0 || live == 0 || live > kMostLive ||
      argc > 4) {
    std::fprintf(stderr, "new_flow_bench [PACKETS [ROUNDS [LIVE_FLOWS]]]\n");
    return 2;
  }
  StartBench();
  Run(windows, rounds,
      static_cast<uint32_t>((live + kWindow - 1) / kWindow * kWindow));
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
