// What a packet costs a worker over receiving and freeing it, by size of frame
// and number of flows; how that grows with the flows; and what of it is the
// keeping of last frames, also over a plain copy of the same bytes, which is
// the floor under all of it.
//
//   pipeline_bench [PACKETS [ROUNDS [MOST_FLOWS]]]
//
// CPU time. In each round all loops run one after the other, over PACKETS
// packets each. More flows than MOST_FLOWS are left out: ten million need 6 GB,
// and a million of 1,514 bytes, with the copies, 7.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/frame/frame_copy.h"
#include "tests/bench/fed_pipeline.h"
#include "tests/bench/frame_copies.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"

namespace mosd::bench {
namespace {

constexpr uint32_t kManyFlows = 10'000'000;

struct Target {
  uint32_t flows;
  double small_ns;  // of frames of 60 bytes
  double full_ns;   // of 1,514
};
constexpr Target kTargets[] = {
    {1'000, 25, 45}, {100'000, 60, 80}, {1'000'000, 70, 95}};

// The pipelines of one number of flows, and what was measured of them, ns a
// packet over rx-only.
struct Loops {
  Loops(const Target& goal, uint32_t frame_bytes)
      : target(goal),
        tracking({.flows = goal.flows,
                  .frame_bytes = frame_bytes,
                  .last_frame = false}),
        everything({.flows = goal.flows, .frame_bytes = frame_bytes}),
        copies(goal.flows, frame_bytes) {
    tracking.Open();
    everything.Open();
  }

  const Target target;
  FedPipeline tracking;    // no last frames
  FedPipeline everything;  // all on
  FrameCopies copies;      // nothing but the bytes
  std::vector<double> off;
  std::vector<double> on;
  std::vector<double> copied;
  std::vector<double> copied_best;  // in the best way known for the size
};

FrameCopies::Way BestWay(uint32_t frame_bytes) {
  return frame_bytes >= dataplane::kNonTemporalBytes
             ? FrameCopies::Way::kPastCaches
             : FrameCopies::Way::kFetched;
}

std::string Of(uint32_t frame_bytes, uint32_t flows) {
  return Grouped(frame_bytes) + " B, " + Grouped(flows) + " flows";
}

void PrintCost(const Loops& loops, uint32_t frame_bytes,
               const std::vector<double>& base) {
  const std::string baseline = "rx-only " + Format(SpreadOf(base), 1, "ns");
  const double target_ns =
      frame_bytes == 60 ? loops.target.small_ns : loops.target.full_ns;
  const std::string of = Of(frame_bytes, loops.target.flows);
  const Spread on = SpreadOf(loops.on);
  Print({"cost of a packet over rx-only, " + of,
         "at most " + Grouped(static_cast<uint64_t>(target_ns)) + " ns",
         Format(on, 1, "ns"), baseline,
         Format(SpreadOf(Ratios(loops.on, base)), 1), on.median <= target_ns});
  Print({"without last frames, " + of, "", Format(SpreadOf(loops.off), 1, "ns"),
         baseline, Format(SpreadOf(Ratios(loops.off, base)), 1), std::nullopt});
  const auto print_copies = [&](const char* way,
                                const std::vector<double>& copies) {
    Print({std::string("floor: the frames' bytes copied into their places, ") +
               way + ", " + of,
           "", Format(SpreadOf(copies), 1, "ns"), baseline,
           Format(SpreadOf(Ratios(copies, base)), 1), std::nullopt});
  };
  print_copies("memcpy", loops.copied);
  print_copies(BestWay(frame_bytes) == FrameCopies::Way::kPastCaches
                   ? "past the caches"
                   : "memcpy, places fetched ahead",
               loops.copied_best);
}

void PrintGrowth(const std::vector<double>& few, uint32_t few_flows,
                 const std::vector<double>& many, uint32_t many_flows,
                 uint32_t frame_bytes, double most, const char* target) {
  const Spread growth = SpreadOf(Ratios(many, few));
  Print({"growth of the cost, " + Grouped(few_flows) + " to " +
             Grouped(many_flows) + " flows, " + Grouped(frame_bytes) + " B",
         target, Format(SpreadOf(many), 1, "ns"),
         Grouped(few_flows) + " flows " + Format(SpreadOf(few), 1, "ns"),
         Format(growth, 2), growth.median <= most});
}

void PrintKeeping(const Loops& loops, uint32_t frame_bytes) {
  std::vector<double> keeping;
  for (size_t i = 0; i < loops.on.size(); ++i) {
    keeping.push_back(loops.on[i] - loops.off[i]);
  }
  const std::string measure =
      "last-frame keeping, " + Of(frame_bytes, loops.target.flows);
  const std::string measured = Format(SpreadOf(keeping), 1, "ns");
  const Spread share = SpreadOf(Ratios(keeping, loops.on));
  Print({measure, "at most 0.25 of the pipeline", measured,
         "pipeline " + Format(SpreadOf(loops.on), 1, "ns"), Format(share, 2),
         share.median <= 0.25});
  const Spread over_copies = SpreadOf(Ratios(keeping, loops.copied));
  Print({measure, "at most 0.5 of copying the frames", measured,
         "memcpy " + Format(SpreadOf(loops.copied), 1, "ns"),
         Format(over_copies, 2), over_copies.median <= 0.5});
}

void CostRows(uint32_t frame_bytes, uint64_t packets, uint64_t rounds,
              uint64_t most_flows) {
  std::vector<std::unique_ptr<Loops>> all;
  for (const Target& target : kTargets) {
    if (target.flows > most_flows) break;
    all.push_back(std::make_unique<Loops>(target, frame_bytes));
  }
  const Loops& few = *all.front();
  const Loops& many = *all.back();
  Traffic rx_only(many.target.flows, frame_bytes);
  std::vector<double> base;
  for (uint64_t i = 0; i < rounds; ++i) {
    base.push_back(MeasureRxOnly(&rx_only, packets));
    for (const auto& loops : all) {
      loops->copied.push_back(
          loops->copies.Feed(packets, FrameCopies::Way::kMemcpy) - base.back());
      loops->copied_best.push_back(
          loops->copies.Feed(packets, BestWay(frame_bytes)) - base.back());
      loops->off.push_back(loops->tracking.Feed(packets) - base.back());
      loops->on.push_back(loops->everything.Feed(packets) - base.back());
    }
  }
  for (const auto& loops : all) {
    loops->tracking.Check();
    loops->everything.Check();
    PrintCost(*loops, frame_bytes, base);
  }
  if (all.size() > 1) {
    PrintGrowth(few.on, few.target.flows, many.on, many.target.flows,
                frame_bytes, 3, "at most 3 times");
  }
  PrintKeeping(many, frame_bytes);
}

void ManyFlowsRow(uint64_t packets, uint64_t rounds) {
  constexpr uint32_t kFrameBytes = 60;
  constexpr uint32_t kFewFlows = kManyFlows / 10;
  Traffic rx_only(kManyFlows, kFrameBytes);
  FedPipeline few({.flows = kFewFlows, .frame_bytes = kFrameBytes});
  FedPipeline many({.flows = kManyFlows, .frame_bytes = kFrameBytes});
  few.Open();
  many.Open();
  std::vector<double> few_ns;
  std::vector<double> many_ns;
  for (uint64_t i = 0; i < rounds; ++i) {
    const double base = MeasureRxOnly(&rx_only, packets);
    few_ns.push_back(few.Feed(packets) - base);
    many_ns.push_back(many.Feed(packets) - base);
  }
  few.Check();
  many.Check();
  PrintGrowth(few_ns, kFewFlows, many_ns, kManyFlows, kFrameBytes, 1.3,
              "at most 1.3 times");
}

int Main(int argc, char** argv) {
  const uint64_t packets = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 11);
  const uint64_t most_flows = Argument(argc, argv, 3, kManyFlows);
  if (packets == 0 || rounds == 0 || most_flows < kTargets[0].flows ||
      argc > 4) {
    std::fprintf(stderr,
                 "pipeline_bench [PACKETS [ROUNDS [MOST_FLOWS, from 1000]]]\n");
    return 2;
  }
  StartBench();
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    CostRows(frame_bytes, packets, rounds, most_flows);
  }
  if (most_flows >= kManyFlows) ManyFlowsRow(packets, rounds);
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
