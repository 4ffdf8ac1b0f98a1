// What a flood of SYNs from random sources does to the flows that are there:
// the cost of their packets, whether any of them is evicted, and memory.
//
//   syn_flood_bench [PACKETS [ROUNDS [MAX_FLOWS]]]
//
// Half of the table's MAX_FLOWS flows are established, and send data. Each of
// their bursts comes after a burst of SYNs, at least ten tables full of them in
// a round, and only theirs are timed: a burst alone, so that what a SYN costs
// is not laid to them, but that it has pushed their records out of the caches
// is. Beside it, in turn, the same without SYNs. CPU time over receiving and
// freeing the frames, timed in the same way.
#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/fed_pipeline.h"
#include "tests/bench/frame_source.h"
#include "tests/bench/report.h"
#include "tests/bench/resident_memory.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {
namespace {

using dataplane::EndReason;
using dataplane::FlowState;

constexpr uint32_t kFrameBytes = 60;
constexpr uint64_t kTables = 10;  // full of SYNs
constexpr double kMostTimes = 1.5;
// Memory is backed by huge pages: one more is none of the flood's.
constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;

class SynFlood {
 public:
  SynFlood() : source_(kFrameBytes) {}

  void Send(FedPipeline* pipeline) {
    rte_mbuf* frames[FrameSource::kBurst];
    source_.Take(frames);
    for (rte_mbuf* frame : frames) {
      const uint64_t chosen = random_();
      Tuple tuple = UsualTuple(0);
      // Apart from the clients of the established flows.
      tuple.client = static_cast<uint32_t>(chosen) | 0x80000000;
      tuple.client_port = static_cast<uint16_t>(chosen >> 32);
      source_.Write(frame, tuple, HandshakeSegment(0));
    }
    pipeline->Receive(frames);
    sent_ += FrameSource::kBurst;
  }

  uint64_t sent() const { return sent_; }

 private:
  FrameSource source_;
  std::mt19937_64 random_{1};
  uint64_t sent_ = 0;
};

// Nanoseconds a packet of bursts of `traffic`, each timed alone; `before` is
// called before each, untimed.
template <typename Before, typename Take>
double MeasureEach(Traffic* traffic, uint64_t packets, Before before,
                   Take take) {
  rte_mbuf* frames[Traffic::kBurst];
  double time_ns = 0;
  for (uint64_t i = 0; i < Bursts(packets); ++i) {
    before();
    const double start = ThreadCpuNs();
    traffic->Next(frames);
    take(frames);
    time_ns += ThreadCpuNs() - start;
  }
  return time_ns / static_cast<double>(Bursts(packets) * Traffic::kBurst);
}

// Nothing but SYNs was evicted, and of them all that found no place.
void CheckEvictions(const FedPipeline& pipeline, const SynFlood& flood) {
  const dataplane::FlowTableCounts& flows = pipeline.rig().flows().counts();
  const uint64_t half_open =
      flows.by_state[static_cast<size_t>(FlowState::kHalfOpen)];
  const uint64_t evicted =
      flows.ended[static_cast<size_t>(EndReason::kEvicted)];
  if (half_open + evicted == flood.sent()) return;
  Fail(Grouped(flood.sent()) + " SYNs, " + Grouped(half_open) +
       " half-open flows, " + Grouped(evicted) + " evicted");
}

std::string Mebibytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f MiB",
                static_cast<double>(bytes) / (1 << 20));
  return text;
}

void PrintMemory(uint64_t before, uint64_t full, uint64_t after) {
  char ratio[32];
  std::snprintf(ratio, sizeof(ratio), "%.3f",
                static_cast<double>(after) / static_cast<double>(full));
  Print({"resident memory after the flood",
         "at most a huge page more than with the table full", Mebibytes(after),
         Mebibytes(full) + " when the table was full, " + Mebibytes(before) +
             " before the flood",
         ratio, after <= full + kHugePageBytes});
}

void Run(uint64_t packets, uint64_t rounds, uint32_t max_flows) {
  const uint32_t established = max_flows / 2;
  const FedPipeline::Options options{
      .flows = established, .frame_bytes = kFrameBytes, .max_flows = max_flows};
  packets = std::max(packets, kTables * max_flows);
  Traffic rx_only(established, kFrameBytes);
  FedPipeline quiet(options);
  FedPipeline flooded(options);
  SynFlood flood;
  quiet.Open();
  flooded.Open();
  const uint64_t before = ResidentBytes();
  while (flood.sent() < max_flows) flood.Send(&flooded);
  const uint64_t full = ResidentBytes();
  std::vector<double> without, with;
  const auto nothing = [] {};
  for (uint64_t i = 0; i < rounds; ++i) {
    const double base =
        MeasureEach(&rx_only, packets, nothing, [](rte_mbuf** frames) {
          rte_pktmbuf_free_bulk(frames, Traffic::kBurst);
        });
    without.push_back(
        MeasureEach(&quiet.traffic(), packets, nothing,
                    [&](rte_mbuf** frames) { quiet.Receive(frames); }) -
        base);
    with.push_back(MeasureEach(
                       &flooded.traffic(), packets,
                       [&] { flood.Send(&flooded); },
                       [&](rte_mbuf** frames) { flooded.Receive(frames); }) -
                   base);
  }
  const uint64_t after = ResidentBytes();
  quiet.Check();
  flooded.Check();
  CheckEvictions(flooded, flood);
  const Spread times = SpreadOf(Ratios(with, without));
  Print({"cost of a packet over rx-only, " + Grouped(established) +
             " flows, a SYN beside each, 60 B",
         "at most 1.5 times that without SYNs", Format(SpreadOf(with), 1, "ns"),
         "no SYNs " + Format(SpreadOf(without), 1, "ns"), Format(times, 2),
         times.median <= kMostTimes});
  Print({"established flows evicted by " + Grouped(flood.sent()) + " SYNs",
         "none", "none", Grouped(established) + " flows", "", true});
  PrintMemory(before, full, after);
}

int Main(int argc, char** argv) {
  const uint64_t packets = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 11);
  const uint64_t max_flows = Argument(argc, argv, 3, 100'000);
  constexpr uint64_t kMostFlows = 100'000'000;
  if (packets == 0 || rounds == 0 || max_flows < 2 || max_flows > kMostFlows ||
      argc > 4) {
    std::fprintf(stderr, "syn_flood_bench [PACKETS [ROUNDS [MAX_FLOWS]]]\n");
    return 2;
  }
  StartBench();
  Run(packets, rounds, static_cast<uint32_t>(max_flows));
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
