// What two workers do in a second over what one does, each with a port of its
// own, in one process after the other.
//
//   scaling_bench [PACKETS [ROUNDS [FLOWS]]]
//
// Whole workers, with their threads, ports and counters, by CPU time of their
// threads: when the machine gives them a CPU is its choice. FLOWS of each of
// two workers; frames of 60 bytes. In the first row one worker has the flows of
// both: what a second one is worth to who has that traffic. In the second it
// has half of them, so that what is seen is the two in each other's way in the
// cache and the memory that they share. In both each port brings the flows of
// the worker that polls it, as those of a NIC do that spreads flows as we do;
// in the third, flows come as they please, and half of the frames are handed
// over from one worker to the other.
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/dataplane.h"
#include "tests/bench/report.h"
#include "tests/bench/source_port.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/worker_clock.h"

namespace mosd::bench {
namespace {

using dataplane::Dataplane;
using dataplane::WorkerSnapshot;

constexpr uint32_t kFrameBytes = 60;

dataplane::Endpoint EndpointOf(uint32_t address, uint16_t port) {
  dataplane::Endpoint endpoint{};
  for (size_t i = 0; i < 4; ++i) {
    endpoint.address[i] = static_cast<uint8_t>(address >> (24 - 8 * i));
  }
  endpoint.port = port;
  return endpoint;
}

void Pause() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

// A dataplane of as many workers as ports, whose connections are open.
class Workers {
 public:
  Workers(uint32_t workers, uint32_t flows, bool own_flows) {
    dataplane::DataplaneOptions options;
    options.workers = workers;
    options.max_flows = 2 * workers * flows;  // a worker has its share
    options.last_frame_bytes =
        (uint64_t{64} << 20) + uint64_t{workers} * flows * 512;
    for (uint32_t i = 0; i < workers; ++i) {
      lines_.push_back(std::make_unique<Line>(i));
      options.ports.push_back({.device = lines_.back()->port.device()});
    }
    auto started = Dataplane::Start(options);
    if (!started.ok()) Fail(std::string(started.status().message()));
    dataplane_ = *std::move(started);
    ChooseTuples(flows, own_flows);
    for (uint32_t i = 0; i < workers; ++i) {
      Line& line = *lines_[i];
      line.clock = WorkerClock(i);
      line.traffic = std::make_unique<Traffic>(flows, kFrameBytes, line.tuples);
      line.port.Attach(line.traffic.get());
    }
    Send(uint64_t{flows} * 5);  // handshakes, and data of each side
  }
  ~Workers() {
    for (const auto& line : lines_) line->port.Detach();
    dataplane_.reset();
  }

  // CPU time of a packet, ns, over all workers, of as many from each port.
  double Feed(uint64_t packets) {
    const double before = CpuNs();
    const uint64_t sent_before = sent();
    Send(packets);
    return (CpuNs() - before) / static_cast<double>(sent() - sent_before);
  }

  // Nothing was lost, all is open, and whether frames were handed over.
  void Check(uint32_t flows, bool handed_over) const {
    uint64_t accounted = 0, established = 0, handed = 0;
    for (const WorkerSnapshot& worker : dataplane_->Workers()) {
      accounted += worker.accounted_frames;
      established += worker.flows_by_state[static_cast<size_t>(
          dataplane::FlowState::kEstablished)];
      handed += worker.handed_out_frames;
    }
    if (accounted != sent() || established != lines_.size() * flows ||
        (handed != 0) != handed_over) {
      Fail(Grouped(sent()) + " frames sent, " + Grouped(accounted) +
           " accounted, " + Grouped(established) + " flows established, " +
           Grouped(handed) + " frames handed over");
    }
  }

 private:
  struct Line {
    explicit Line(uint32_t number) : port(number) {}
    SourcePort port;
    std::vector<Tuple> tuples;
    std::unique_ptr<Traffic> traffic;
    WorkerClock clock;
  };

  void ChooseTuples(uint32_t flows, bool own_flows) {
    size_t full = 0;
    for (uint32_t number = 0; full < lines_.size(); ++number) {
      const Tuple tuple = UsualTuple(number);
      const uint32_t owner =
          dataplane_->WorkerOf(dataplane::IpVersion::kIpv4,
                               EndpointOf(tuple.client, tuple.client_port),
                               EndpointOf(tuple.server, tuple.server_port));
      std::vector<Tuple>& tuples =
          lines_[own_flows ? owner : number % lines_.size()]->tuples;
      if (tuples.size() == flows) continue;
      tuples.push_back(tuple);
      if (tuples.size() == flows) ++full;
    }
  }

  uint64_t sent() const {
    uint64_t frames = 0;
    for (const auto& line : lines_) frames += line->port.sent();
    return frames;
  }

  uint64_t accounted() const {
    uint64_t frames = 0;
    for (const WorkerSnapshot& worker : dataplane_->Workers()) {
      frames += worker.accounted_frames;
    }
    return frames;
  }

  double CpuNs() const {
    double ns = 0;
    for (const auto& line : lines_) ns += line->clock.ReadNs();
    return ns;
  }

  void Send(uint64_t packets) {
    for (const auto& line : lines_) {
      line->port.Want(line->port.sent() + packets);
    }
    for (const auto& line : lines_) {
      while (line->port.sent() < line->port.wanted()) Pause();
    }
    const auto give_up =
        std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (accounted() < sent()) {
      if (std::chrono::steady_clock::now() > give_up) Fail("frames were lost");
      Pause();
    }
  }

  std::vector<std::unique_ptr<Line>> lines_;
  std::unique_ptr<Dataplane> dataplane_;
};

// A dataplane is the only one of its process: they are started in turn.
double CostOf(uint32_t workers, uint32_t flows, bool own_flows,
              uint64_t packets) {
  Workers running(workers, flows, own_flows);
  const double cost = running.Feed(packets);
  running.Check(flows, workers > 1 && !own_flows);
  return cost;
}

struct Comparison {
  const char* ports;
  bool own_flows;
  bool same_traffic;  // one worker has the flows of both
  std::optional<double> least;
};

constexpr Comparison kComparisons[] = {
    {"the same flows in all, each port brings its worker's", true, true, 1.9},
    {"twice as many flows, each port brings its worker's", true, false, {}},
    {"twice as many flows, half of the frames handed over", false, false, {}},
};

void Compare(const Comparison& what, uint32_t flows, uint64_t packets,
             uint64_t rounds) {
  const uint32_t flows_of_one = what.same_traffic ? 2 * flows : flows;
  std::vector<double> one, two, times;
  for (uint64_t i = 0; i < rounds; ++i) {
    one.push_back(CostOf(1, flows_of_one, what.own_flows, packets));
    two.push_back(CostOf(2, flows, what.own_flows, packets));
    times.push_back(2 * one.back() / two.back());
  }
  const Spread ratio = SpreadOf(times);
  Row row{std::string("two workers against one, ") + what.ports + ", " +
              Grouped(flows) + " flows of each of two, 60 B",
          "",
          Format(SpreadOf(two), 1, "ns of CPU a packet"),
          "one worker " + Format(SpreadOf(one), 1, "ns"),
          Format(ratio, 2),
          std::nullopt};
  if (what.least) {
    row.target = "at least 1.9 times the packets";
    row.reached = ratio.median >= *what.least;
  }
  Print(row);
}

int Main(int argc, char** argv) {
  const uint64_t packets = Argument(argc, argv, 1, 2'000'000);
  const uint64_t rounds = Argument(argc, argv, 2, 11);
  const uint64_t flows = Argument(argc, argv, 3, 100'000);
  if (packets == 0 || rounds == 0 || flows == 0 || flows > 10'000'000 ||
      argc > 4) {
    std::fprintf(stderr, "scaling_bench [PACKETS [ROUNDS [FLOWS]]]\n");
    return 2;
  }
  StartBench();
  for (const Comparison& what : kComparisons) {
    Compare(what, static_cast<uint32_t>(flows), packets, rounds);
  }
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
