// Feeds a pipeline with data of established connections and does nothing else:
// for a counter of instructions (instruction_budget).
//
//   pipeline_load PACKETS FRAME_BYTES FLOWS
#include <rte_mbuf.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/traffic.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::bench {
namespace {

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "pipeline_load PACKETS FRAME_BYTES FLOWS\n");
    return 2;
  }
  const uint64_t packets = std::strtoull(argv[1], nullptr, 10);
  const auto frame_bytes =
      static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto flows = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  // valgrind has no room for them.
  StartBench(dataplane::Hugepages::kOff);
  testing::PipelineRig rig(flows, frame_bytes, true);
  Traffic traffic(flows, frame_bytes);
  rte_mbuf* frames[Traffic::kBurst];
  uint64_t sent = 0;
  for (const uint64_t all = traffic.handshake_frames() + packets; sent < all;
       sent += Traffic::kBurst) {
    traffic.Next(frames);
    rig.pipeline().Receive(frames, Traffic::kBurst);
    rig.pipeline().PassTime(0);
  }
  const auto& counts = rig.pipeline().counts();
  if (counts.accounted != sent || counts.retransmitted != 0) {
    Fail("not every frame was one of an established flow");
  }
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
