// Listing all flows: ListFlows against a server that has the same pages ready,
// both in this process, on Unix sockets; and mosctl, the program, asking
// either.
//
//   list_bench [FLOWS [ROUNDS [MOSCTL]]]
//
// In turn, median and spread over the rounds.
//
// The server's CPU time is that of this process while mosctl, another process,
// lists: without the worker, which does nothing for it, and without the thread
// that reads what mosctl writes. What the same costs with ready pages is the
// transport's part.
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/fed_appliance.h"
#include "tests/bench/flow_pages.h"
#include "tests/bench/mosctl_run.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/support/temp_dir.h"

namespace mosd::bench {
namespace {

constexpr uint32_t kFrameBytes = 60;
constexpr uint32_t kMillion = 1'000'000;
constexpr uint64_t kMostFlows = 100 * kMillion;
constexpr double kLeastRate = 0.8;
constexpr double kMostCpuNs = 120;
constexpr double kMostSeconds = 2;

template <typename Work>
double SecondsOf(const Work& work) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Listings {
 public:
  Listings(const FedAppliance* appliance, const ReadyPages* ready,
           uint64_t flows, std::string mosctl)
      : appliance_(*appliance),
        ready_(*ready),
        flows_(flows),
        mosctl_(std::move(mosctl)),
        client_(appliance_.grpc_address()),
        ready_client_(ready_.address()) {}

  void Round(bool ready_first) {
    for (const bool ready : {ready_first, !ready_first}) {
      (ready ? parsed_.baseline : parsed_.ours)
          .push_back(FlowsPerSecond(ready, Reading::kParse));
      (ready ? skipped_.baseline : skipped_.ours)
          .push_back(FlowsPerSecond(ready, Reading::kSkip));
      RunMosctl(ready);
    }
  }

  void PrintRows() const {
    PrintRate("all parsed by the client", parsed_);
    PrintRate("not parsed", skipped_);
    const Spread cpu = SpreadOf(cpu_ns_.ours);
    Print({.measure = "CPU time of the server for a listed flow, " +
                      Grouped(flows_) + " flows",
           .target = "at most 120 ns",
           .measured = Format(cpu, 0) + " ns",
           .baseline =
               "ready pages " + Format(SpreadOf(cpu_ns_.baseline), 0) + " ns",
           .ratio = Format(SpreadOf(Ratios(cpu_ns_.ours, cpu_ns_.baseline)), 2),
           .reached = cpu.median <= kMostCpuNs});
    const Spread seconds = SpreadOf(seconds_.ours);
    Row row = {
        .measure = Grouped(flows_) + " flows listed by `mosctl`",
        .target = "",
        .measured = Format(seconds, 2) + " s",
        .baseline =
            "ready pages " + Format(SpreadOf(seconds_.baseline), 2) + " s",
        .ratio = Format(SpreadOf(Ratios(seconds_.ours, seconds_.baseline)), 2),
        .reached = {}};
    if (flows_ == kMillion) {
      row.target = "under 2 s";
      row.reached = seconds.median < kMostSeconds;
    }
    Print(row);
  }

 private:
  double FlowsPerSecond(bool ready, Reading reading) {
    uint64_t count = 0;
    const double seconds = SecondsOf([&] {
      count = (ready ? ready_client_ : client_).Count(reading, flows_);
    });
    Expect(count, flows_);
    return static_cast<double>(flows_) / seconds;
  }

  void RunMosctl(bool ready) {
    const auto cpu_ns = [this] {
      return ProcessCpuNs() - appliance_.WorkerCpuNs() - ThreadCpuNs();
    };
    uint64_t lines = 0;
    const double before = cpu_ns();
    const double seconds = SecondsOf([&] {
      lines = LinesOfFlows(
          mosctl_, ready ? ready_.address() : appliance_.grpc_address());
    });
    const double cpu = cpu_ns() - before;
    Expect(lines, flows_ + 1);  // the heading
    (ready ? seconds_.baseline : seconds_.ours).push_back(seconds);
    (ready ? cpu_ns_.baseline : cpu_ns_.ours)
        .push_back(cpu / static_cast<double>(flows_));
  }

  static void Expect(uint64_t listed, uint64_t expected) {
    if (listed == expected) return;
    Fail(Grouped(listed) + " flows or lines instead of " + Grouped(expected));
  }

  void PrintRate(const std::string& how, const Compared& rate) const {
    const auto thousands = [](std::vector<double> values) {
      for (double& value : values) value /= 1e3;
      return Format(SpreadOf(values), 0) + " thousand";
    };
    const Spread ratio = SpreadOf(Ratios(rate.ours, rate.baseline));
    Print({.measure = "`ListFlows` against ready pages of the same bytes, " +
                      Grouped(flows_) + " flows, " + how,
           .target = "at least 0.8 of their rate",
           .measured = thousands(rate.ours) + " a second",
           .baseline = "ready pages " + thousands(rate.baseline),
           .ratio = Format(ratio, 2),
           .reached = ratio.median >= kLeastRate});
  }

  const FedAppliance& appliance_;
  const ReadyPages& ready_;
  const uint64_t flows_;
  const std::string mosctl_;
  PageClient client_;
  PageClient ready_client_;
  Compared parsed_, skipped_;  // flows a second
  Compared cpu_ns_, seconds_;
};

int Main(int argc, char** argv) {
  const uint64_t flows = Argument(argc, argv, 1, kMillion);
  const uint64_t rounds = Argument(argc, argv, 2, 5);
  if (argc > 4 || flows < 64 || flows > kMostFlows || rounds == 0) {
    std::fprintf(stderr, "list_bench [FLOWS [ROUNDS [MOSCTL]]]\n");
    return 2;
  }
  StartBench();
  const auto count = static_cast<uint32_t>(flows);
  const FedAppliance appliance(count, kFrameBytes);
  const testing::TempDir folder;
  const ReadyPages ready(PageClient(appliance.grpc_address()).Collect(),
                         "unix:" + (folder / "ready.sock"));
  Listings listings(&appliance, &ready, count,
                    argc > 3 ? argv[3] : BuiltMosctl());
  for (uint64_t i = 0; i < rounds; ++i) listings.Round(i % 2 != 0);
  listings.PrintRows();
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
