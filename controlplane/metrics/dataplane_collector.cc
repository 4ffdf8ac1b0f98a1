#include "controlplane/metrics/dataplane_collector.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controlplane/metrics/families.h"
#include "controlplane/version/version.h"
#include "mos/v1/flow.pb.h"

namespace mosd::controlplane {

using dataplane::Dataplane;
using dataplane::PortSnapshot;
using dataplane::WorkerSnapshot;

namespace {

using Families = std::vector<prometheus::MetricFamily>;

// One counter of every port or worker. The help texts stand here and nowhere
// else.
template <typename Snapshot>
struct CounterRow {
  const char* name;
  const char* help;
  uint64_t Snapshot::*value;
};

constexpr CounterRow<PortSnapshot> kPortCounters[] = {
    {"mosd_port_received_frames_total", "Frames handed to the workers.",
     &PortSnapshot::rx_frames},
    {"mosd_port_received_bytes_total", "Bytes of the frames received.",
     &PortSnapshot::rx_bytes},
    {"mosd_port_missed_frames_total",
     "Frames that the device lost because no worker came for them in time.",
     &PortSnapshot::missed_frames},
    {"mosd_port_error_frames_total", "Frames that the device refused.",
     &PortSnapshot::error_frames},
    {"mosd_port_no_buffer_frames_total",
     "Frames lost because the packet buffers were exhausted.",
     &PortSnapshot::no_mbuf_frames},
};

static_assert(dataplane::kSlowTurnNs == 100'000'000, "the help text says so");
constexpr CounterRow<WorkerSnapshot> kWorkerCounters[] = {
    {"mosd_worker_received_frames_total", "Frames taken from ports.",
     &WorkerSnapshot::received_frames},
    {"mosd_worker_received_bytes_total", "Bytes of the frames received.",
     &WorkerSnapshot::received_bytes},
    {"mosd_worker_accounted_frames_total", "Frames accounted to a flow.",
     &WorkerSnapshot::accounted_frames},
    {"mosd_worker_handed_in_frames_total",
     "Frames taken over from other workers.",
     &WorkerSnapshot::handed_in_frames},
    {"mosd_worker_handed_out_frames_total", "Frames passed to other workers.",
     &WorkerSnapshot::handed_out_frames},
    {"mosd_worker_turns_total", "Turns of the worker's loop.",
     &WorkerSnapshot::turns},
    {"mosd_worker_busy_turns_total", "Turns that found frames.",
     &WorkerSnapshot::busy_turns},
    {"mosd_worker_slow_turns_total", "Turns that took more than 100 ms.",
     &WorkerSnapshot::slow_turns},
    {"mosd_flows_started_total", "Flows that began.",
     &WorkerSnapshot::started_flows},
    {"mosd_flows_midstream_total",
     "Flows that began without their handshake being seen.",
     &WorkerSnapshot::midstream_flows},
    {"mosd_tcp_retransmitted_frames_total",
     "Frames whose SYN, FIN or payload had been sent before.",
     &WorkerSnapshot::retransmitted_frames},
    {"mosd_last_frames_shortened_total",
     "Last frames kept shorter than the snap length for lack of memory.",
     &WorkerSnapshot::last_frames_shortened},
    {"mosd_last_frames_not_kept_total",
     "Last frames not kept at all for lack of memory.",
     &WorkerSnapshot::last_frames_not_kept},
};

// "fin_client" of END_REASON_FIN_CLIENT: the proto's names are the labels.
std::string EnumLabel(const google::protobuf::EnumDescriptor& type,
                      size_t number) {
  const auto* value = type.FindValueByNumber(static_cast<int>(number));
  if (value == nullptr) return absl::StrCat(number);
  const std::string prefix(
      absl::StripSuffix(type.value(0)->name(), "UNSPECIFIED"));
  return absl::AsciiStrToLower(absl::StripPrefix(value->name(), prefix));
}

void CollectPorts(const std::vector<PortSnapshot>& ports, Families* out) {
  const auto name = [&ports](size_t i) {
    // Two ports may read the same capture; their series must differ.
    size_t before = 0;
    for (size_t j = 0; j < i; ++j) before += ports[j].device == ports[i].device;
    return before == 0 ? ports[i].device
                       : absl::StrCat(ports[i].device, "#", before + 1);
  };
  for (const auto& row : kPortCounters) {
    Family family = Family::Counter(row.name, row.help);
    for (size_t i = 0; i < ports.size(); ++i) {
      family.Add({{"port", name(i)}}, ports[i].*row.value);
    }
    out->push_back(std::move(family).Take());
  }
  Family up = Family::Gauge("mosd_port_up", "Whether the port's link is up.");
  for (size_t i = 0; i < ports.size(); ++i) {
    up.Add({{"port", name(i)}}, ports[i].link_up ? 1.0 : 0.0);
  }
  out->push_back(std::move(up).Take());
}

void CollectWorkers(const std::vector<WorkerSnapshot>& workers, Families* out) {
  for (const auto& row : kWorkerCounters) {
    Family family = Family::Counter(row.name, row.help);
    for (size_t i = 0; i < workers.size(); ++i) {
      family.Add({{"worker", absl::StrCat(i)}}, workers[i].*row.value);
    }
    out->push_back(std::move(family).Take());
  }
  Family age =
      Family::Gauge("mosd_worker_heartbeat_age_seconds",
                    "Time since the worker last completed a turn of its loop.");
  Family capacity =
      Family::Gauge("mosd_flow_capacity", "Live flows there is room for.");
  for (size_t i = 0; i < workers.size(); ++i) {
    const std::string worker = absl::StrCat(i);
    age.Add({{"worker", worker}},
            static_cast<double>(workers[i].heartbeat_age_ns) / 1e9);
    capacity.Add({{"worker", worker}}, workers[i].flow_capacity);
  }
  out->push_back(std::move(age).Take());
  out->push_back(std::move(capacity).Take());
}

// Counters that are arrays, one label value for each index but 0.
void CollectByReason(const std::vector<WorkerSnapshot>& workers,
                     Families* out) {
  Family dropped = Family::Counter(
      "mosd_dropped_frames_total",
      "Frames received and not accounted to a flow, by reason.");
  Family flows = Family::Gauge(
      "mosd_flows", "Flows by state; ended ones are kept for a while.");
  Family ended =
      Family::Counter("mosd_flows_ended_total", "Flows that ended, by reason.");
  Family evicted = Family::Counter(
      "mosd_flows_evicted_total",
      "Flows that a full table ended for new ones, by the state they were in.");
  for (size_t i = 0; i < workers.size(); ++i) {
    const std::string worker = absl::StrCat(i);
    for (size_t r = 1; r < dataplane::kDropReasonCount; ++r) {
      dropped.Add({{"worker", worker},
                   {"reason", std::string(dataplane::kDropReasonNames[r])}},
                  workers[i].drops[r]);
    }
    for (size_t s = 1; s < dataplane::kFlowStates; ++s) {
      flows.Add({{"worker", worker},
                 {"state", EnumLabel(*mos::v1::FlowState_descriptor(), s)}},
                workers[i].flows_by_state[s]);
      if (s == static_cast<size_t>(dataplane::FlowState::kEnded)) continue;
      evicted.Add({{"worker", worker},
                   {"state", EnumLabel(*mos::v1::FlowState_descriptor(), s)}},
                  workers[i].flows_evicted[s]);
    }
    for (size_t r = 1; r < dataplane::kEndReasons; ++r) {
      ended.Add({{"worker", worker},
                 {"reason", EnumLabel(*mos::v1::EndReason_descriptor(), r)}},
                workers[i].flows_ended[r]);
    }
  }
  out->push_back(std::move(dropped).Take());
  out->push_back(std::move(flows).Take());
  out->push_back(std::move(ended).Take());
  out->push_back(std::move(evicted).Take());
}

void CollectLastFrames(const dataplane::LastFrameMemorySnapshot& memory,
                       Families* out) {
  Family used = Family::Gauge("mosd_last_frame_bytes",
                              "Memory of buffers that hold a last frame.");
  used.Add({}, memory.used_bytes);
  Family capacity = Family::Gauge("mosd_last_frame_capacity_bytes",
                                  "Memory that last frames may take.");
  capacity.Add({}, memory.capacity_bytes);
  Family buffers = Family::Gauge(
      "mosd_last_frame_buffers",
      "Last-frame buffers; class: the largest frame that fits, in bytes.");
  for (const dataplane::FrameClassSnapshot& one : memory.classes) {
    const std::string size = absl::StrCat(one.frame_bytes);
    // The two numbers are read one after the other.
    const uint64_t free = one.total > one.in_use ? one.total - one.in_use : 0;
    buffers.Add({{"class", size}, {"state", "used"}}, one.in_use);
    buffers.Add({{"class", size}, {"state", "free"}}, free);
  }
  out->push_back(std::move(used).Take());
  out->push_back(std::move(capacity).Take());
  out->push_back(std::move(buffers).Take());
}

void CollectBuild(const Dataplane& dataplane, Families* out) {
  Family build = Family::Gauge("mosd_build_info",
                               "Always 1; the labels say what is running.");
  build.Add({{"version", std::string(Version())},
             {"commit", std::string(Commit())},
             {"dpdk", dataplane.DpdkVersion()}},
            1.0);
  out->push_back(std::move(build).Take());
}

}  // namespace

Families DataplaneCollector::Collect() const {
  Families families;
  const std::vector<WorkerSnapshot> workers = dataplane_.Workers();
  CollectBuild(dataplane_, &families);
  CollectPorts(dataplane_.Ports(), &families);
  CollectWorkers(workers, &families);
  CollectByReason(workers, &families);
  CollectLastFrames(dataplane_.LastFrameMemory(), &families);
  return families;
}

}  // namespace mosd::controlplane
