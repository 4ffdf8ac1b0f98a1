// What a packet costs a worker over receiving and freeing it, by size of frame
// and number of flows; how that grows with the flows; and what of it is the
// keeping of last frames, also over a plain copy of the same bytes.
//
//   pipeline_bench [PACKETS [ROUNDS [MOST_FLOWS]]]
//
// CPU time. In each round all loops run one after the other, over PACKETS
// packets each. More flows than MOST_FLOWS are left out: ten million need 6 GB,
// and a million of 1,514 bytes, with the copies, 7.
#include <rte_mbuf.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/region.h"
#include "tests/bench/fed_pipeline.h"
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

// The same frames, each copied to where the last one of its flow and side would
// lie: memory as the frame pool has it, in the order of the flows.
class Copies {
 public:
  Copies(uint32_t flows, uint32_t frame_bytes)
      : flows_(flows), traffic_(flows, frame_bytes) {
    size_t frame_class = 0;
    while (dataplane::FrameClassCapacity(frame_class) < frame_bytes) {
      ++frame_class;
    }
    place_bytes_ = size_t{dataplane::kFrameClassUnits[frame_class]} *
                   dataplane::kFrameUnit;
    auto region = dataplane::Region::Map(flows * 2 * place_bytes_);
    if (!region.ok()) Fail(std::string(region.status().message()));
    region_ = *std::move(region);
    Feed(traffic_.handshake_frames() + 2 * uint64_t{flows});
  }

  double Feed(uint64_t packets) {
    return Measure(&traffic_, packets, [this](rte_mbuf** frames) {
      for (uint32_t i = 0; i < Traffic::kBurst; ++i) Copy(*frames[i]);
      rte_pktmbuf_free_bulk(frames, Traffic::kBurst);
    });
  }

 private:
  void Copy(const rte_mbuf& frame) {
    std::memcpy(region_.data() + (flow_ * 2 + side_) * place_bytes_ +
                    dataplane::kFrameHeaderBytes,
                rte_pktmbuf_mtod(&frame, const void*), frame.data_len);
    if (++flow_ == flows_) {
      flow_ = 0;
      side_ ^= 1;
    }
  }

  const uint32_t flows_;
  Traffic traffic_;
  dataplane::Region region_;
  size_t place_bytes_;
  size_t flow_ = 0;
  size_t side_ = 0;
};

// The pipelines of one number of flows, and what was measured of them, ns a
// packet over rx-only.
struct Loops {
  Loops(const Target& goal, uint32_t frame_bytes)
      : target(goal),
        tracking({.flows = goal.flows,
                  .frame_bytes = frame_bytes,
                  .last_frame = false}),
        everything({.flows = goal.flows, .frame_bytes = frame_bytes}) {
    tracking.Open();
    everything.Open();
  }

  const Target target;
  FedPipeline tracking;    // no last frames
  FedPipeline everything;  // all on
  std::vector<double> off;
  std::vector<double> on;
};

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

void PrintKeeping(const Loops& loops, uint32_t frame_bytes,
                  const std::vector<double>& copies) {
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
  const Spread over_copies = SpreadOf(Ratios(keeping, copies));
  Print({measure, "at most 0.5 of copying the frames", measured,
         "memcpy " + Format(SpreadOf(copies), 1, "ns"), Format(over_copies, 2),
         over_copies.median <= 0.5});
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
  Copies copies(many.target.flows, frame_bytes);
  std::vector<double> base;
  std::vector<double> copied;
  for (uint64_t i = 0; i < rounds; ++i) {
    base.push_back(MeasureRxOnly(&rx_only, packets));
    copied.push_back(copies.Feed(packets) - base.back());
    for (const auto& loops : all) {
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
  PrintKeeping(many, frame_bytes, copied);
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
