// Scraping an appliance whose flow table is full and whose worker is busy: how
// long GET /metrics takes, and what it costs the worker.
//
//   scrape_bench [FLOWS [MILLISECONDS [ROUNDS]]]
//
// In turn, median and spread over the rounds. One scrape a second shows
// nothing, so they follow each other without a pause, and what that costs is
// divided by how many there were in a second. The worker's cost is its CPU
// time, the making of the frames included: who else gets its CPU meanwhile is
// the scheduler's choice.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/fed_appliance.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/support/raw_client.h"

namespace mosd::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kFrameBytes = 60;
constexpr double kMostMilliseconds = 5;
constexpr double kMostPercent = 0.5;
constexpr uint64_t kMostFlows = 100'000'000;

// A sample of the text that /metrics is.
double Sample(const std::string& text, const std::string& series) {
  const size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) Fail("/metrics has no " + series);
  return std::strtod(text.c_str() + at + 1 + series.size(), nullptr);
}

// Asks for a page of the HTTP listener again and again, as Prometheus does but
// on a connection for each, and looks at what it gets.
class Scraper {
 public:
  Scraper(const FedAppliance* appliance, uint32_t flows)
      : address_(appliance->metrics_address()), flows_(flows) {}

  // How long it took, ms.
  double Get(const std::string& path) {
    const Clock::time_point start = Clock::now();
    const std::string answer = testing::HttpGet(address_, path);
    const std::chrono::duration<double, std::milli> time = Clock::now() - start;
    if (!answer.starts_with("HTTP/1.1 200 ")) Fail(path + ": " + answer);
    if (path == "/metrics") Check(answer);
    return time.count();
  }

 private:
  void Check(const std::string& text) {
    if (Sample(text, "mosd_flows{worker=\"0\",state=\"established\"}") !=
        flows_) {
      Fail("/metrics does not say how many flows there are");
    }
    const double frames =
        Sample(text, "mosd_worker_accounted_frames_total{worker=\"0\"}");
    if (frames < frames_) Fail("a counter of /metrics went back");
    frames_ = frames;
  }

  const std::string address_;
  const double flows_;
  double frames_ = 0;  // of the scrape before
};

struct Phase {
  double packet_ns;  // the worker's CPU time of a packet
  std::vector<double> request_ms;
};

// Lets the worker work; `path` is asked for meanwhile, if it is not empty.
Phase Run(const FedAppliance& appliance, Scraper* scraper,
          const std::string& path, std::chrono::milliseconds time) {
  Phase phase;
  const dataplane::WorkerSnapshot before = appliance.dataplane().Workers()[0];
  const double cpu_before = appliance.WorkerCpuNs();
  const Clock::time_point end = Clock::now() + time;
  if (path.empty()) std::this_thread::sleep_until(end);
  while (Clock::now() < end) phase.request_ms.push_back(scraper->Get(path));
  const double cpu = appliance.WorkerCpuNs() - cpu_before;
  const dataplane::WorkerSnapshot after = appliance.dataplane().Workers()[0];
  phase.packet_ns = cpu / static_cast<double>(after.accounted_frames -
                                              before.accounted_frames);
  return phase;
}

void Measure(uint32_t flows, std::chrono::milliseconds time, uint64_t rounds) {
  FedAppliance appliance(flows, kFrameBytes);
  Scraper scraper(&appliance, flows);
  const double seconds = std::chrono::duration<double>(time).count();
  std::vector<double> scrapes, probes, over_probes, alone, over_alone, percents,
      rates;
  appliance.BeginTraffic();
  for (uint64_t i = 0; i < rounds; ++i) {
    const Phase probed = Run(appliance, &scraper, "/livez", time);
    const bool scraped_first = i % 2 != 0;
    Phase phases[2];
    for (const bool scraped : {scraped_first, !scraped_first}) {
      phases[scraped] =
          Run(appliance, &scraper, scraped ? "/metrics" : "", time);
    }
    scrapes.push_back(SpreadOf(phases[1].request_ms).median);
    probes.push_back(SpreadOf(probed.request_ms).median);
    over_probes.push_back(scrapes.back() / probes.back());
    rates.push_back(static_cast<double>(phases[1].request_ms.size()) / seconds);
    alone.push_back(phases[0].packet_ns);
    over_alone.push_back(phases[1].packet_ns / phases[0].packet_ns);
    percents.push_back((over_alone.back() - 1) / rates.back() * 100);
  }
  appliance.EndTraffic();
  const Spread scrape = SpreadOf(scrapes);
  Print({.measure = "GET of `/metrics`, " + Grouped(flows) + " flows",
         .target = "at most 5 ms",
         .measured = Format(scrape, 2) + " ms",
         .baseline = "GET of `/livez` " + Format(SpreadOf(probes), 2) + " ms",
         .ratio = Format(SpreadOf(over_probes), 1),
         .reached = scrape.median <= kMostMilliseconds});
  const Spread percent = SpreadOf(percents);
  Print({.measure = "a worker slowed by one scrape a second, " +
                    Grouped(flows) + " flows",
         .target = "at most 0.5 %",
         .measured = Format(percent, 4) + " %",
         .baseline = "alone " + Format(SpreadOf(alone), 0) +
                     " ns a packet; over it by " + Format(SpreadOf(rates), 0) +
                     " scrapes a second",
         .ratio = Format(SpreadOf(over_alone), 3),
         .reached = percent.median <= kMostPercent});
}

int Main(int argc, char** argv) {
  const uint64_t flows = Argument(argc, argv, 1, 10'000'000);
  const uint64_t milliseconds = Argument(argc, argv, 2, 1'000);
  const uint64_t rounds = Argument(argc, argv, 3, 11);
  if (argc > 4 || flows < 64 || flows > kMostFlows || milliseconds == 0 ||
      milliseconds > 1'000'000 || rounds == 0) {
    std::fprintf(stderr, "scrape_bench [FLOWS [MILLISECONDS [ROUNDS]]]\n");
    return 2;
  }
  StartBench();
  Measure(static_cast<uint32_t>(flows), std::chrono::milliseconds(milliseconds),
          rounds);
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
