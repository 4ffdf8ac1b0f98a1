// What a flow takes of the machine's memory: its record and its place in the
// index, and its last frames.
//
//   memory_bench [FLOWS [ROUNDS]]
//
// Resident memory, of which the kernel gives huge pages as they are touched.
// Each figure is of a new table that has filled up, since an index is touched
// everywhere at once. What a flow takes: how much more a table of FLOWS / 10
// flows does than one of FLOWS / 100, over the flows between. Last frames: how
// much more a table does with them than without, over their bytes; of FLOWS /
// 10 flows where frames are small, of FLOWS / 100 where they are not. FLOWS in
// all, ten million unless told otherwise, are held once. Of less than a million
// no target is judged: a table is then a handful of huge pages.
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/fed_pipeline.h"
#include "tests/bench/report.h"
#include "tests/bench/resident_memory.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {
namespace {

constexpr uint32_t kManyFlows = 10'000'000;
constexpr uint32_t kTellingFlows = 1'000'000;
constexpr double kMostFlowBytes = 192;
constexpr double kMostFrameTimes = 1.25;
constexpr double kMostGigabytes = 6;

// Bytes that a table takes as all of its flows open and both sides send data.
// Packet buffers and what else does not depend on flows are there before.
double TableBytes(const FedPipeline::Options& options) {
  FedPipeline pipeline(options);
  const auto before = static_cast<double>(ResidentBytes());
  pipeline.Open();
  const auto after = static_cast<double>(ResidentBytes());
  pipeline.Check();
  return after - before;
}

std::optional<bool> Judge(uint32_t flows, uint32_t telling, bool reached) {
  if (flows < telling) return std::nullopt;
  return reached;
}

void FlowRow(uint32_t few, uint32_t many, uint64_t rounds) {
  std::vector<double> bytes;
  for (uint64_t i = 0; i < rounds; ++i) {
    const double of_few =
        TableBytes({.flows = few, .frame_bytes = 60, .last_frame = false});
    const double of_many =
        TableBytes({.flows = many, .frame_bytes = 60, .last_frame = false});
    bytes.push_back((of_many - of_few) / (many - few));
  }
  const Spread spread = SpreadOf(bytes);
  Print({"memory of a flow, record and index, from " + Grouped(few) + " to " +
             Grouped(many) + " flows",
         "at most 192 bytes", Format(spread, 1, "bytes"), "", "",
         Judge(many, kTellingFlows / 10, spread.median <= kMostFlowBytes)});
}

void FrameRow(uint32_t flows, uint32_t frame_bytes, uint64_t rounds) {
  const double kept = 2.0 * flows * frame_bytes;
  std::vector<double> bytes, times;
  for (uint64_t i = 0; i < rounds; ++i) {
    const double without = TableBytes(
        {.flows = flows, .frame_bytes = frame_bytes, .last_frame = false});
    const double with =
        TableBytes({.flows = flows, .frame_bytes = frame_bytes});
    bytes.push_back((with - without) / (2.0 * flows));
    times.push_back((with - without) / kept);
  }
  const Spread ratio = SpreadOf(times);
  Print({"memory of a last frame, " + Grouped(frame_bytes) + " B, " +
             Grouped(flows) + " flows",
         "at most 1.25 times its bytes", Format(SpreadOf(bytes), 1, "bytes"),
         Grouped(frame_bytes) + " bytes kept", Format(ratio, 2),
         Judge(flows, kTellingFlows / 100, ratio.median <= kMostFrameTimes)});
}

void AllRow(uint32_t flows) {
  FedPipeline pipeline({.flows = flows, .frame_bytes = 64});
  pipeline.Open();
  pipeline.Check();
  const double gigabytes = static_cast<double>(ResidentBytes()) / 1e9;
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f GB", gigabytes);
  Row row{"resident memory of the process, " + Grouped(flows) +
              " flows, both last frames, 64 B",
          "",
          text,
          "",
          "",
          std::nullopt};
  if (flows == kManyFlows) {
    row.target = "at most 6 GB";
    row.reached = gigabytes <= kMostGigabytes;
  }
  Print(row);
}

int Main(int argc, char** argv) {
  const uint64_t flows = Argument(argc, argv, 1, kManyFlows);
  const uint64_t rounds = Argument(argc, argv, 2, 3);
  if (flows < 100 || flows > 10 * uint64_t{kManyFlows} || rounds == 0 ||
      argc > 3) {
    std::fprintf(stderr, "memory_bench [FLOWS, from 100 [ROUNDS]]\n");
    return 2;
  }
  StartBench();
  const auto all = static_cast<uint32_t>(flows);
  FlowRow(all / 100, all / 10, rounds);
  FrameRow(all / 10, 64, rounds);
  FrameRow(all / 100, 1514, rounds);
  AllRow(all);
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
