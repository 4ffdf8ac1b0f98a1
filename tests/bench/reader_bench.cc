// How much a worker is slowed by a second core that does nothing but read last
// frames as the gRPC server and the C API read them.
//
//   reader_bench [PACKETS [ROUNDS]]
//
// CPU time of a packet with readers over that without, in turn. The floor under
// it is what one cache line costs that the worker writes and the readers read,
// at their rate: readers of frames that nobody writes read one beside each.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/last_frame_reader.h"
#include "tests/bench/fed_pipeline.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {
namespace {

using dataplane::Side;

enum class Aim { kRandom, kOneFlow };

// writer: the worker; reader: the reader.
struct alignas(64) Line {
  std::atomic<uint64_t> word{0};
};

// Copies last frames as fast as it can while active. In cache lines of its own:
// what it counts would else, where chance has it, lie beside what the worker's
// traffic counts.
class alignas(128) Reader {
 public:
  // `lines`: one a flow, to be read as well; or null.
  Reader(const testing::PipelineRig& rig, uint32_t flows, Aim aim,
         const Line* lines = nullptr)
      : rig_(rig), flows_(flows), aim_(aim), lines_(lines), thread_([this] {
          Run();
        }) {}
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
      if (lines_ != nullptr) lines_[record].word.load();
    }
  }

  const testing::PipelineRig& rig_;
  const uint32_t flows_;
  const Aim aim_;
  const Line* const lines_;
  std::atomic<bool> active_{false};
  std::atomic<bool> end_{false};
  std::atomic<uint64_t> reads_{0};
  std::shared_mutex mutex_;
  std::thread thread_;
};

// Nanoseconds a packet, in rounds.
struct Times {
  std::vector<double> beside;
  std::vector<double> alone;

  Spread ratio() const { return SpreadOf(Ratios(beside, alone)); }
};

// `feed()` measures a packet, beside the reader and alone.
template <typename Feed>
Times Measured(Reader* reader, uint64_t rounds, Feed feed) {
  Times times;
  for (uint64_t i = 0; i < rounds; ++i) {
    // In turns which comes first, so that a drift falls on both alike.
    for (const bool active : {i % 2 != 0, i % 2 == 0}) {
      reader->SetActive(active);
      (active ? times.beside : times.alone).push_back(feed());
    }
  }
  reader->SetActive(false);
  if (reader->reads() == 0) Fail("the reader read nothing");
  return times;
}

void Compare(uint32_t flows, uint32_t frame_bytes, Aim aim, uint64_t packets,
             uint64_t rounds) {
  FedPipeline pipeline({.flows = flows, .frame_bytes = frame_bytes});
  pipeline.Open();
  Reader reader(pipeline.rig(), flows, aim);
  const Times times =
      Measured(&reader, rounds, [&] { return pipeline.Feed(packets); });
  pipeline.Check();
  const double most = aim == Aim::kRandom ? 1.03 : 1.10;
  const Spread ratio = times.ratio();
  Print(
      {std::string("a worker beside a core full of readers, ") +
           (aim == Aim::kRandom ? "flows at random, " : "the hottest flow, ") +
           Grouped(flows) + " flows, " + Grouped(frame_bytes) + " B",
       aim == Aim::kRandom ? "at most 1.03 times" : "at most 1.10 times",
       Format(SpreadOf(times.beside), 1, "ns"),
       "alone " + Format(SpreadOf(times.alone), 1, "ns"), Format(ratio, 3),
       ratio.median <= most});
}

void CompareOneLine(uint32_t flows, uint64_t packets, uint64_t rounds) {
  constexpr uint32_t kFrameBytes = 60;
  FedPipeline pipeline({.flows = flows, .frame_bytes = kFrameBytes});
  FedPipeline unwritten({.flows = flows, .frame_bytes = kFrameBytes});
  pipeline.Open();
  unwritten.Open();
  std::vector<Line> lines(flows);
  Reader reader(unwritten.rig(), flows, Aim::kRandom, lines.data());
  uint32_t flow = 0;
  const Times times = Measured(&reader, rounds, [&] {
    return Measure(&pipeline.traffic(), packets, [&](rte_mbuf** frames) {
      pipeline.Receive(frames);
      for (uint32_t i = 0; i < Traffic::kBurst; ++i) {
        lines[flow].word.store(i, std::memory_order_relaxed);
        flow = flow + 1 == flows ? 0 : flow + 1;
      }
    });
  });
  Print(
      {"floor: a worker beside a core full of readers, of its memory one "
       "line a flow, " +
           Grouped(flows) + " flows, " + Grouped(kFrameBytes) + " B",
       "", Format(SpreadOf(times.beside), 1, "ns"),
       "alone " + Format(SpreadOf(times.alone), 1, "ns"),
       Format(times.ratio(), 3), std::nullopt});
}

int Main(int argc, char** argv) {
  const uint64_t packets = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 20);
  if (packets == 0 || rounds == 0 || argc > 3) {
    std::fprintf(stderr, "reader_bench [PACKETS [ROUNDS]]\n");
    return 2;
  }
  if (std::thread::hardware_concurrency() < 2) {
    Fail("a reader needs a second CPU");
  }
  StartBench();
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    Compare(100'000, frame_bytes, Aim::kRandom, packets, rounds);
    Compare(1'000, frame_bytes, Aim::kRandom, packets, rounds);
    Compare(1'000, frame_bytes, Aim::kOneFlow, packets, rounds);
  }
  CompareOneLine(1'000, packets, rounds);
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
