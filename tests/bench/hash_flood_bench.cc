// Whether whoever chooses the tuples of connections can slow a worker: the cost
// of a packet where all of them collide under a hash that others use, over that
// of random ones.
//
//   hash_flood_bench [PACKETS [ROUNDS [FLOWS]]]
//
// CPU time over receiving and freeing the frames, in turn. All 32 bits of the
// hashes are the same, so that a table of any size would have one bucket.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/bench/colliding_tuples.h"
#include "tests/bench/fed_pipeline.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"

namespace mosd::bench {
namespace {

constexpr uint32_t kFrameBytes = 60;
constexpr double kMostTimes = 1.2;
constexpr uint32_t kSeed = 0xdeadbeef;  // of the CRC: any

uint32_t SeededCrc32(const Tuple& tuple) { return Crc32(tuple, kSeed); }

void RequireDifferent(std::vector<Tuple> tuples) {
  const auto words = [](const Tuple& tuple) {
    return std::tie(tuple.client, tuple.server, tuple.client_port,
                    tuple.server_port);
  };
  std::ranges::sort(tuples, {}, words);
  if (std::ranges::adjacent_find(tuples, {}, words) != tuples.end()) {
    Fail("a tuple is there twice");
  }
}

void RequireOneHash(const std::vector<Tuple>& tuples,
                    uint32_t (*hash)(const Tuple&), const char* name) {
  const auto alike = std::ranges::count(tuples, hash(tuples.front()), hash);
  if (static_cast<size_t>(alike) == tuples.size()) return;
  Fail(Grouped(static_cast<uint64_t>(alike)) + " of " + Grouped(tuples.size()) +
       " tuples collide under " + name);
}

// Connections of some tuples, and what their packets cost, ns.
struct Flood {
  Flood(const char* hash, std::vector<Tuple> chosen)
      : name(hash),
        tuples(std::move(chosen)),
        pipeline({.flows = static_cast<uint32_t>(tuples.size()),
                  .frame_bytes = kFrameBytes,
                  .tuples = tuples}) {
    RequireDifferent(tuples);
    pipeline.Open();
  }

  const char* const name;
  const std::vector<Tuple> tuples;
  FedPipeline pipeline;
  std::vector<double> costs;
};

void Run(uint64_t packets, uint64_t rounds, uint32_t flows) {
  Traffic rx_only(flows, kFrameBytes);
  Flood random("random", RandomTuples(flows));
  Flood crc("CRC32", TuplesOfOneCrc32(flows));
  Flood super_fast("SuperFastHash", TuplesOfOneSuperFastHash(flows));
  RequireOneHash(crc.tuples, SeededCrc32, crc.name);
  RequireOneHash(super_fast.tuples, SuperFastHash, super_fast.name);
  for (uint64_t i = 0; i < rounds; ++i) {
    const double base = MeasureRxOnly(&rx_only, packets);
    for (Flood* flood : {&random, &crc, &super_fast}) {
      flood->costs.push_back(flood->pipeline.Feed(packets) - base);
    }
  }
  random.pipeline.Check();
  for (Flood* flood : {&crc, &super_fast}) {
    flood->pipeline.Check();
    const Spread times = SpreadOf(Ratios(flood->costs, random.costs));
    Print({"cost of a packet over rx-only, " + Grouped(flows) +
               " tuples that collide under " + flood->name + ", 60 B",
           "at most 1.2 times random ones",
           Format(SpreadOf(flood->costs), 1, "ns"),
           "random tuples " + Format(SpreadOf(random.costs), 1, "ns"),
           Format(times, 2), times.median <= kMostTimes});
  }
}

int Main(int argc, char** argv) {
  const uint64_t packets = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 11);
  const uint64_t flows = Argument(argc, argv, 3, 100'000);
  if (packets == 0 || rounds == 0 || flows == 0 || flows > 1u << 20 ||
      argc > 4) {
    std::fprintf(stderr, "hash_flood_bench [PACKETS [ROUNDS [FLOWS]]]\n");
    return 2;
  }
  StartBench();
  Run(packets, rounds, static_cast<uint32_t>(flows));
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
