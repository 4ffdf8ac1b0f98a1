// How much a worker is slowed by a second core that does nothing but read last
// frames as the gRPC server and the C API read them.
//
//   reader_bench [PACKETS [ROUNDS]]
//
// Prints rows of a Markdown table: CPU time of a packet with readers over that
// without, in turn, median and spread over the rounds.
#include <rte_mbuf.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "dataplane/last_frame_reader.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::bench {
namespace {

using dataplane::Side;

enum class Aim { kRandom, kOneFlow };

// Copies last frames as fast as it can while active.
class Reader {
 public:
  Reader(const testing::PipelineRig& rig, uint32_t flows, Aim aim)
      : rig_(rig), flows_(flows), aim_(aim), thread_([this] { Run(); }) {}
  ~Reader() {
    end_.store(true);
    thread_.join();
  }

  void SetActive(bool active) { active_.store(active); }
  uint64_t reads() const { return reads_.load(); }

 private:
  void Run() {
    std::minstd_rand random(1);
    std::vector<uint8_t> buffer(dataplane::kMaxFrameBytes);
    while (!end_.load(std::memory_order_relaxed)) {
      if (!active_.load(std::memory_order_relaxed)) continue;
      const uint32_t record =
          aim_ == Aim::kRandom ? static_cast<uint32_t>(random()) % flows_ : 0;
      const auto side = static_cast<Side>(reads_.load() % 2);
      dataplane::LastFrameInfo info;
      // Which mos_getlastpkt_r, the fastest reader there is, holds meanwhile.
      const std::shared_lock lock(mutex_);
      if (ReadLastFrame(rig_.flows(), rig_.frame_pool(),
                        dataplane::FlowId::Make(0, record, 1), side, buffer,
                        &info) == dataplane::ReadResult::kOk) {
        reads_.store(reads_.load(std::memory_order_relaxed) + 1,
                     std::memory_order_relaxed);
      }
    }
  }

  const testing::PipelineRig& rig_;
  const uint32_t flows_;
  const Aim aim_;
  std::atomic<bool> active_{false};
  std::atomic<bool> end_{false};
  std::atomic<uint64_t> reads_{0};
  std::shared_mutex mutex_;
  std::thread thread_;
};

void Row(uint32_t flows, uint32_t frame_bytes, Aim aim, uint64_t packets,
         int rounds) {
  testing::PipelineRig rig(flows, frame_bytes, true);
  Traffic traffic(flows, frame_bytes);
  const auto feed = [&](uint64_t count) {
    rte_mbuf* frames[Traffic::kBurst];
    const double start = ThreadCpuNs();
    for (uint64_t done = 0; done < count; done += Traffic::kBurst) {
      traffic.Next(frames);
      rig.pipeline().Receive(frames, Traffic::kBurst);
      rig.pipeline().PassTime(0);
    }
    return (ThreadCpuNs() - start) / static_cast<double>(count);
  };
  feed(traffic.handshake_frames() + 2 * flows);
  Reader reader(rig, flows, aim);
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    // In turns which comes first, so that a drift falls on both alike.
    reader.SetActive(i % 2 != 0);
    const double first = feed(packets);
    reader.SetActive(i % 2 == 0);
    const double second = feed(packets);
    ratios.push_back(i % 2 == 0 ? second / first : first / second);
  }
  reader.SetActive(false);
  if (reader.reads() == 0) {
    std::fprintf(stderr, "the reader read nothing\n");
    std::exit(1);
  }
  std::printf("| %u | %u | %s | %s | %.1f |\n", frame_bytes, flows,
              aim == Aim::kRandom ? "random" : "one",
              Format(SpreadOf(ratios), 3).c_str(),
              static_cast<double>(reader.reads()) / 1e6);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  const uint64_t packets =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 20;
  if (packets == 0 || rounds <= 0) {
    std::fprintf(stderr, "reader_bench [PACKETS [ROUNDS]]\n");
    return 2;
  }
  if (std::thread::hardware_concurrency() < 2) {
    std::fprintf(stderr, "a reader needs a second CPU\n");
    return 1;
  }
  StartBench();
  std::printf(
      "| frame, bytes | flows | flows read | time with readers over without | "
      "reads, million |\n|---|---|---|---|---|\n");
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    Row(100'000, frame_bytes, Aim::kRandom, packets, rounds);
    Row(1'000, frame_bytes, Aim::kRandom, packets, rounds);
    Row(1'000, frame_bytes, Aim::kOneFlow, packets, rounds);
  }
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
