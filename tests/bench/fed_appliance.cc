#include "tests/bench/fed_appliance.h"

#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "controlplane/config/config_builder.h"
#include "tests/bench/report.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {
namespace {

constexpr char kRing[] = "bench_ring";
constexpr uint32_t kRingFrames = 1024;
// Rounds of the traffic over all flows: the handshake, and a frame of each
// side.
constexpr uint64_t kRounds = 3 + 2;

mos::v1::Config ConfigFor(uint32_t flows, uint32_t frame_bytes,
                          const std::string& socket) {
  // Both sides' frames, with headers, a quarter of slack and some for queues.
  const uint64_t memory =
      uint64_t{flows} * 2 * (frame_bytes + 128) * 5 / 4 + (uint64_t{64} << 20);
  controlplane::ConfigBuilder builder;
  const auto set = [&builder](const char* key, const std::string& value) {
    const absl::Status status = builder.Set(key, value, "benchmark");
    if (!status.ok()) Fail(std::string(status.message()));
  };
  const absl::Status ports = builder.ReadText(
      std::string("dataplane: {ports: [{device: \"ring:") + kRing + "\"}]}",
      "benchmark");
  if (!ports.ok()) Fail(std::string(ports.message()));
  set("dataplane.max_flows", std::to_string(flows));
  set("dataplane.last_frame.memory", std::to_string(memory));
  set("grpc.listen", "unix:" + socket);
  set("metrics.listen", "127.0.0.1:0");
  auto config = builder.Build();
  if (!config.ok()) Fail(std::string(config.status().message()));
  return *std::move(config);
}

// The clock that pthread_getcpuclockid(3) makes, of the only worker. Its
// thread is known by its name alone.
clockid_t WorkerClock() {
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name != "mosd-worker-0") continue;
    const int id = std::stoi(thread.path().filename());
    return static_cast<clockid_t>(~static_cast<unsigned>(id) << 3 | 6);
  }
  Fail("the worker's thread was not found");
}

}  // namespace

FedAppliance::FedAppliance(uint32_t flows, uint32_t frame_bytes)
    : traffic_(flows, frame_bytes),
      ring_(rte_ring_create(kRing, kRingFrames, SOCKET_ID_ANY, 0)) {
  if (ring_ == nullptr) Fail("no memory for a ring");
  auto started = controlplane::Appliance::Start(
      ConfigFor(flows, frame_bytes, folder_ / "mosd.sock"));
  if (!started.ok()) Fail(std::string(started.status().message()));
  appliance_ = *std::move(started);
  worker_clock_ = WorkerClock();
  while (sent_ < kRounds * flows) SendBurst();
  AwaitAccounted();
  const uint64_t established =
      dataplane().Workers()[0].flows_by_state[static_cast<size_t>(
          dataplane::FlowState::kEstablished)];
  if (established != flows) {
    Fail(Grouped(established) + " of " + Grouped(flows) +
         " flows are established");
  }
}

FedAppliance::~FedAppliance() {
  appliance_.reset();
  rte_ring_free(ring_);
}

void FedAppliance::SendBurst() {
  rte_mbuf* burst[Traffic::kBurst];
  traffic_.Next(burst);
  auto* const frames = reinterpret_cast<void**>(burst);
  // What it leaves to others of this CPU is more than a yield would.
  while (rte_ring_enqueue_bulk(ring_, frames, Traffic::kBurst, nullptr) == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(10));
  }
  sent_ += Traffic::kBurst;
}

void FedAppliance::AwaitAccounted() const {
  while (dataplane().Workers()[0].received_frames < sent_) {
    std::this_thread::yield();
  }
  const dataplane::WorkerSnapshot worker = dataplane().Workers()[0];
  if (worker.accounted_frames != sent_ || worker.last_frames_not_kept != 0) {
    Fail("frames were dropped, or not kept");
  }
}

double FedAppliance::WorkerCpuNs() const {
  timespec time;
  if (clock_gettime(worker_clock_, &time) != 0) Fail("the worker has no clock");
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

}  // namespace mosd::bench
