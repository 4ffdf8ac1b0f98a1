// Up and down, and what is asked of all ports and workers.
#include "dataplane/running_dataplane.h"

#include <rte_version.h>

#include <algorithm>
#include <atomic>

#include "dataplane/port/device_time.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/frame_stamp.h"

namespace mosd::dataplane {
namespace {

std::atomic<bool> process_taken{false};

}  // namespace

bool RunningDataplane::Claim::Take() {
  held_ = !process_taken.exchange(true);
  return held_;
}

RunningDataplane::Claim::~Claim() {
  if (held_) process_taken.store(false);
}

RunningDataplane::~RunningDataplane() { Stop(); }

absl::Status RunningDataplane::BringUp(const DataplaneOptions& options) {
  if (!claim_.Take()) {
    return absl::FailedPreconditionError(
        "a dataplane is running in this process; end it first");
  }
  if (auto status = StartEal(options); !status.ok()) return status;
  if (auto status = RegisterFrameStamp(); !status.ok()) return status;
  if (auto status = RegisterDeviceTime(); !status.ok()) return status;
  if (auto status = OpenPorts(options); !status.ok()) return status;
  if (options.workers > 1) {
    auto handoff = Handoff::Create(options.workers);
    if (!handoff.ok()) return handoff.status();
    handoff_ = *std::move(handoff);
  }
  for (uint32_t i = 0; i < options.workers; ++i) {
    auto worker = Worker::Create(options, i, &hash_, handoff_.get());
    if (!worker.ok()) return worker.status();
    workers_.push_back(*std::move(worker));
  }
  for (const auto& port : ports_) {
    for (const RxQueue& queue : port->queues()) {
      workers_[(queue.port + queue.queue) % workers_.size()]->AddQueue(queue);
    }
  }
  for (const auto& port : ports_) {
    if (auto status = port->Start(); !status.ok()) return status;
  }
  for (const auto& worker : workers_) {
    if (auto status = worker->Start(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RunningDataplane::OpenPorts(const DataplaneOptions& options) {
  PortContext context;
  context.workers = options.workers;
  context.packet_buffers = options.packet_buffers;
  context.ports = static_cast<uint32_t>(options.ports.size());
  for (const PortOptions& port_options : options.ports) {
    const auto number = static_cast<uint8_t>(ports_.size());
    auto port = OpenPort(port_options, number, context);
    if (!port.ok()) return port.status();
    ports_.push_back(*std::move(port));
  }
  // Flows time out by one clock.
  if (std::ranges::any_of(ports_, &Port::is_capture) &&
      !std::ranges::all_of(ports_, &Port::is_capture)) {
    return absl::InvalidArgumentError(
        "captures and live ports cannot be mixed, for their clocks differ; "
        "start one appliance for each kind");
  }
  return absl::OkStatus();
}

void RunningDataplane::Stop() {
  const std::lock_guard lock(stop_mutex_);
  if (stopped_) return;
  stopped_ = true;
  for (const auto& port : ports_) port->Halt();
  for (const auto& worker : workers_) worker->Stop();
  for (const auto& worker : workers_) worker->Drain();
  for (const auto& port : ports_) port->Close();
}

bool RunningDataplane::InputExhausted() const {
  if (ports_.empty()) return false;  // there never was any
  uint64_t enqueued = 0;
  for (const auto& port : ports_) {
    uint64_t frames = 0;
    if (!port->exhausted(&frames)) return false;
    enqueued += frames;
  }
  // In this order: once all is received, nothing more is handed out.
  uint64_t received = 0;
  uint64_t handed_out = 0;
  for (const auto& worker : workers_) {
    const WorkerSnapshot snapshot = worker->Snapshot();
    received += snapshot.received_frames;
    handed_out += snapshot.handed_out_frames;
  }
  if (received != enqueued) return false;
  uint64_t handed_in = 0;
  for (const auto& worker : workers_) {
    handed_in += worker->Snapshot().handed_in_frames;
  }
  return handed_in == handed_out;
}

std::vector<PortSnapshot> RunningDataplane::Ports() const {
  std::vector<PortSnapshot> snapshots;
  for (const auto& port : ports_) snapshots.push_back(port->Snapshot());
  return snapshots;
}

std::vector<WorkerSnapshot> RunningDataplane::Workers() const {
  std::vector<WorkerSnapshot> snapshots;
  for (const auto& worker : workers_) snapshots.push_back(worker->Snapshot());
  return snapshots;
}

LastFrameMemorySnapshot RunningDataplane::LastFrameMemory() const {
  LastFrameMemorySnapshot memory;
  memory.classes.resize(kFrameClasses);
  for (const auto& worker : workers_) {
    const FramePool& pool = worker->frame_pool();
    memory.capacity_bytes += pool.capacity_bytes();
    for (size_t i = 0; i < kFrameClasses; ++i) {
      FrameClassSnapshot& snapshot = memory.classes[i];
      const uint64_t in_use = pool.InUse(i);
      snapshot.frame_bytes = FrameClassCapacity(i);
      snapshot.in_use += in_use;
      snapshot.total += pool.Total(i);
      memory.used_bytes += in_use * kFrameClassUnits[i] * kFrameUnit;
    }
  }
  return memory;
}

std::string RunningDataplane::DpdkVersion() const { return rte_version(); }

void RunningDataplane::EnableEvents(bool enabled) {
  for (const auto& worker : workers_) worker->events().Enable(enabled);
}

uint64_t RunningDataplane::PollEvents(size_t limit,
                                      std::vector<FlowEvent>* events) {
  uint64_t lost = 0;
  for (const auto& worker : workers_) {
    limit -= worker->events().Pop(limit, events);
    lost += worker->events().TakeLost();
  }
  return lost;
}

}  // namespace mosd::dataplane
