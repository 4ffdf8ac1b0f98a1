#include "tests/bench/fed_appliance.h"

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "controlplane/config/config_builder.h"
#include "tests/bench/report.h"

namespace mosd::bench {
namespace {

constexpr char kRing[] = "bench_ring";
constexpr char kDevice[] = "net_ring_mosd0";  // as DPDK calls the port
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

void Pause() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

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
      ring_(rte_ring_create(kRing, 64, SOCKET_ID_ANY, 0)) {
  if (ring_ == nullptr) Fail("no memory for a ring");
  auto started = controlplane::Appliance::Start(
      ConfigFor(flows, frame_bytes, folder_ / "mosd.sock"));
  if (!started.ok()) Fail(std::string(started.status().message()));
  appliance_ = *std::move(started);
  worker_clock_ = WorkerClock();
  AddCallback();
  wanted_.store(kRounds * flows);
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
  // The worker, which may be in it, ends before the traffic does.
  rte_eth_remove_rx_callback(port_, 0, callback_);
  appliance_.reset();
  rte_ring_free(ring_);
}

void FedAppliance::AddCallback() {
  if (rte_eth_dev_get_port_by_name(kDevice, &port_) != 0) {
    Fail(std::string("there is no device ") + kDevice);
  }
  callback_ = rte_eth_add_rx_callback(port_, 0, &FedAppliance::Fill, this);
  if (callback_ == nullptr) Fail("DPDK takes no callback");
}

uint16_t FedAppliance::Fill(uint16_t, uint16_t, rte_mbuf** frames,
                            uint16_t count, uint16_t room, void* self) {
  auto* const appliance = static_cast<FedAppliance*>(self);
  const uint64_t sent = appliance->sent_.load(std::memory_order_relaxed);
  if (sent >= appliance->wanted_.load(std::memory_order_relaxed)) return count;
  if (count != 0 || room < Traffic::kBurst) Fail("no room for a burst");
  appliance->traffic_.Next(frames);
  appliance->sent_.store(sent + Traffic::kBurst, std::memory_order_release);
  return Traffic::kBurst;
}

void FedAppliance::BeginTraffic() {
  wanted_.store(std::numeric_limits<uint64_t>::max());
}

void FedAppliance::EndTraffic() {
  wanted_.store(0);
  AwaitAccounted();
}

void FedAppliance::AwaitAccounted() const {
  // The worker's counters are published once a turn.
  const auto turns = [this] { return dataplane().Workers()[0].turns; };
  while (sent_.load(std::memory_order_acquire) < wanted_.load()) Pause();
  for (const uint64_t before = turns(); turns() < before + 2;) Pause();
  const dataplane::WorkerSnapshot worker = dataplane().Workers()[0];
  if (worker.accounted_frames != sent_.load() ||
      worker.last_frames_shortened != 0 || worker.last_frames_not_kept != 0) {
    Fail("frames were dropped, or not kept whole");
  }
}

double FedAppliance::WorkerCpuNs() const {
  timespec time;
  if (clock_gettime(worker_clock_, &time) != 0) Fail("the worker has no clock");
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

}  // namespace mosd::bench
