// Reads last frames beside a writer until so many have been read, and says how
// many of them were torn. Exits with 1 if one was, or was older than it might
// be.
//
//   torn_frame_stress [READS]     default: 100000000
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "tests/support/torn_frame_trial.h"

namespace {

using ::mosd::testing::TornFrameResult;
using ::mosd::testing::TornFrameTrial;

constexpr int kReaders = 2;

bool RunTrial(const char* what, uint32_t slots, uint64_t memory_bytes,
              uint64_t reads) {
  TornFrameTrial trial(slots, memory_bytes);
  const auto start = std::chrono::steady_clock::now();
  const TornFrameResult result =
      trial.Run(kReaders, reads, std::chrono::hours(24));
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  std::printf("%s: reads %" PRIu64 ", contended %" PRIu64 ", empty %" PRIu64
              ", torn %" PRIu64 ", stale %" PRIu64 ", published %" PRIu64
              ", %.0f s\n",
              what, result.reads, result.contended, result.empty, result.torn,
              result.stale, result.published, took.count());
  std::fflush(stdout);
  return result.torn == 0 && result.stale == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t reads =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000'000;
  if (argc > 2 || reads == 0) {
    std::fprintf(stderr, "usage: torn_frame_stress [READS]\n");
    return 2;
  }
  const bool ample = RunTrial("ample memory", 4096, 64 << 20, reads);
  // Without a quarantine readers are overtaken all the time.
  const bool scarce = RunTrial("scarce memory", 8, 0, reads / 10);
  return ample && scarce ? 0 : 1;
}
