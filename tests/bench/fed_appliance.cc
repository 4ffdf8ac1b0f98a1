#include "tests/bench/fed_appliance.h"

#include <chrono>
#include <limits>
#include <thread>

#include "controlplane/config/config_builder.h"
#include "tests/bench/report.h"

namespace mosd::bench {
namespace {

// Rounds of the traffic over all flows: the handshake, and a frame of each
// side.
constexpr uint64_t kRounds = 3 + 2;

mos::v1::Config ConfigFor(uint32_t flows, uint32_t frame_bytes,
                          const std::string& device,
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
      "dataplane: {ports: [{device: \"" + device + "\"}]}", "benchmark");
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

}  // namespace

FedAppliance::FedAppliance(uint32_t flows, uint32_t frame_bytes)
    : traffic_(flows, frame_bytes), port_(0) {
  auto started = controlplane::Appliance::Start(
      ConfigFor(flows, frame_bytes, port_.device(), folder_ / "mosd.sock"));
  if (!started.ok()) Fail(std::string(started.status().message()));
  appliance_ = *std::move(started);
  worker_clock_ = WorkerClock(0);
  port_.Attach(&traffic_);
  port_.Want(kRounds * flows);
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
  port_.Detach();
  appliance_.reset();
}

void FedAppliance::BeginTraffic() {
  port_.Want(std::numeric_limits<uint64_t>::max());
}

void FedAppliance::EndTraffic() {
  port_.Want(0);
  AwaitAccounted();
}

void FedAppliance::AwaitAccounted() const {
  // The worker's counters are published once a turn.
  const auto turns = [this] { return dataplane().Workers()[0].turns; };
  while (port_.sent() < port_.wanted()) Pause();
  for (const uint64_t before = turns(); turns() < before + 2;) Pause();
  const dataplane::WorkerSnapshot worker = dataplane().Workers()[0];
  if (worker.accounted_frames != port_.sent() ||
      worker.last_frames_shortened != 0 || worker.last_frames_not_kept != 0) {
    Fail("frames were dropped, or not kept whole");
  }
}

}  // namespace mosd::bench
