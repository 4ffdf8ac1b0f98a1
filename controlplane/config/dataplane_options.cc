#include "controlplane/config/dataplane_options.h"

namespace mosd::controlplane {
namespace {

int64_t Nanoseconds(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1'000'000'000 + duration.nanos();
}

dataplane::Hugepages ToHugepages(mos::v1::HugepageMode mode) {
  switch (mode) {
    case mos::v1::HUGEPAGE_MODE_ON:
      return dataplane::Hugepages::kOn;
    case mos::v1::HUGEPAGE_MODE_OFF:
      return dataplane::Hugepages::kOff;
    default:
      return dataplane::Hugepages::kAuto;
  }
}

dataplane::PortOptions ToPortOptions(const mos::v1::PortConfig& config) {
  dataplane::PortOptions port;
  port.device = config.device();
  port.queues = config.queues();
  port.loop = config.loop();
  port.pace = config.pace() == mos::v1::CAPTURE_PACE_TIMESTAMPS
                  ? dataplane::CapturePace::kTimestamps
                  : dataplane::CapturePace::kFull;
  return port;
}

}  // namespace

dataplane::DataplaneOptions ToDataplaneOptions(const mos::v1::Config& config) {
  const mos::v1::DataplaneConfig& from = config.dataplane();
  dataplane::DataplaneOptions options;
  for (const mos::v1::PortConfig& port : from.ports()) {
    options.ports.push_back(ToPortOptions(port));
  }
  options.workers = from.workers();
  options.cpus.assign(from.cpus().begin(), from.cpus().end());
  options.max_flows = from.max_flows();
  options.max_ended_flows = from.ended_flows().max_count();
  options.ended_retention_ns = Nanoseconds(from.ended_flows().retention());
  options.timeouts.half_open_ns = Nanoseconds(from.timeouts().half_open());
  options.timeouts.established_ns = Nanoseconds(from.timeouts().established());
  options.timeouts.closing_ns = Nanoseconds(from.timeouts().closing());
  options.timeouts.time_wait_ns = Nanoseconds(from.timeouts().time_wait());
  options.midstream_pickup = from.midstream_pickup();
  options.last_frame = from.last_frame().enabled();
  options.snaplen_bytes = from.last_frame().snaplen();
  options.last_frame_bytes = from.last_frame().memory();
  options.hugepages = ToHugepages(from.memory().hugepages());
  options.packet_buffers = from.memory().packet_buffers();
  options.burst = from.burst();
  options.idle = from.idle() == mos::v1::IDLE_MODE_BUSY_POLL
                     ? dataplane::IdlePolicy::kBusyPoll
                     : dataplane::IdlePolicy::kAdaptive;
  return options;
}

}  // namespace mosd::controlplane
