// Nanoseconds of CPU that a packet costs a worker over receiving and freeing
// it, by size of frame, number of flows, and whether last frames are kept.
//
//   pipeline_bench [PACKETS [ROUNDS [MOST_FLOWS]]]
//
// Prints rows of a Markdown table: median and spread over the rounds, in each
// of which the three loops run one after the other.
#include <rte_mbuf.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::bench {
namespace {

// CPU time of a packet, ns.
template <typename Take>
double Measure(Traffic* traffic, uint64_t packets, Take take) {
  rte_mbuf* frames[Traffic::kBurst];
  const double start = ThreadCpuNs();
  for (uint64_t done = 0; done < packets; done += Traffic::kBurst) {
    traffic->Next(frames);
    take(frames);
  }
  return (ThreadCpuNs() - start) / static_cast<double>(packets);
}

// A pipeline with its connections, all open.
class Run {
 public:
  Run(uint32_t flows, uint32_t frame_bytes, bool last_frame)
      : rig_(flows, frame_bytes, last_frame) {}

  double Feed(Traffic* traffic, uint64_t packets) {
    sent_ +=
        (packets + Traffic::kBurst - 1) / Traffic::kBurst * Traffic::kBurst;
    return Measure(traffic, packets, [this](rte_mbuf** frames) {
      rig_.pipeline().Receive(frames, Traffic::kBurst);
      rig_.pipeline().PassTime(0);
    });
  }

  // A benchmark of frames that were dropped would say nothing.
  void Check(uint32_t flows) const {
    const auto& counts = rig_.pipeline().counts();
    const uint64_t established =
        rig_.flows()
            .counts()
            .by_state[static_cast<size_t>(dataplane::FlowState::kEstablished)];
    if (counts.accounted == sent_ && established == flows &&
        counts.retransmitted == 0) {
      return;
    }
    std::fprintf(stderr, "%lu sent, %lu accounted, %lu of %u established\n",
                 sent_, counts.accounted, established, flows);
    std::exit(1);
  }

 private:
  testing::PipelineRig rig_;
  uint64_t sent_ = 0;
};

void Row(uint32_t flows, uint32_t frame_bytes, uint64_t packets, int rounds) {
  Run keep(flows, frame_bytes, true);
  Run track(flows, frame_bytes, false);
  // Each its own, so that the numbers go on from where its connections are.
  Traffic none_traffic(flows, frame_bytes);
  Traffic keep_traffic(flows, frame_bytes);
  Traffic track_traffic(flows, frame_bytes);
  const uint64_t warm_up = keep_traffic.handshake_frames() + 2 * flows;
  keep.Feed(&keep_traffic, warm_up);
  track.Feed(&track_traffic, warm_up);
  std::vector<double> base;
  std::vector<double> off;
  std::vector<double> on;
  for (int i = 0; i < rounds; ++i) {
    base.push_back(Measure(&none_traffic, packets, [](rte_mbuf** frames) {
      rte_pktmbuf_free_bulk(frames, Traffic::kBurst);
    }));
    off.push_back(track.Feed(&track_traffic, packets) - base.back());
    on.push_back(keep.Feed(&keep_traffic, packets) - base.back());
  }
  keep.Check(flows);
  track.Check(flows);
  std::printf("| %u | %u | %s | %s | %s |\n", frame_bytes, flows,
              Format(SpreadOf(base), 1).c_str(),
              Format(SpreadOf(off), 1).c_str(),
              Format(SpreadOf(on), 1).c_str());
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  const uint64_t packets =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 11;
  const uint64_t most =
      argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000'000;
  if (packets == 0 || rounds <= 0 || most == 0) {
    std::fprintf(stderr, "pipeline_bench [PACKETS [ROUNDS [MOST_FLOWS]]]\n");
    return 2;
  }
  StartBench();
  std::printf(
      "| frame, bytes | flows | receive and free, ns | tracking, ns over it | "
      "and last frames, ns over it |\n|---|---|---|---|---|\n");
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    for (const uint32_t flows : {1'000u, 100'000u, 1'000'000u}) {
      if (flows <= most) Row(flows, frame_bytes, packets, rounds);
    }
  }
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
