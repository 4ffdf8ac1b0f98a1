// What a dataplane is told at its start. Plain data; the control plane fills
// it from mos.v1.Config, which documents defaults and ranges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mosd::dataplane {

enum class CapturePace { kFull, kTimestamps };
enum class IdlePolicy { kBusyPoll, kAdaptive };
enum class Hugepages { kAuto, kOn, kOff };

struct PortOptions {
  std::string device;   // "pcap:FILE", "af_packet:eth0", "0000:03:00.0", ...
  uint32_t queues = 0;  // 0: one a worker where the device spreads by flow
  bool loop = false;    // captures only
  CapturePace pace = CapturePace::kFull;  // captures only
};

struct Timeouts {
  int64_t half_open_ns = 30'000'000'000;
  int64_t established_ns = 1'800'000'000'000;
  int64_t closing_ns = 120'000'000'000;
  int64_t time_wait_ns = 0;
};

class FlowSink;

struct DataplaneOptions {
  std::vector<PortOptions> ports;
  uint32_t workers = 1;
  std::vector<uint32_t> cpus;  // of each worker, in order; empty: not pinned
  uint32_t max_flows = 1'000'000;      // in all
  uint32_t max_ended_flows = 100'000;  // in all
  int64_t ended_retention_ns = 3'600'000'000'000;
  Timeouts timeouts;
  bool midstream_pickup = true;
  bool last_frame = true;
  uint32_t snaplen_bytes = 9216;
  uint64_t last_frame_bytes = uint64_t{1} << 30;  // in all
  Hugepages hugepages = Hugepages::kAuto;
  uint32_t packet_buffers = 32768;
  IdlePolicy idle = IdlePolicy::kAdaptive;
  uint32_t burst = 64;  // frames that a worker takes at a time, at most 64
  // A program on the workers' threads: one sink a worker, or none at all. They
  // outlive the dataplane.
  std::vector<FlowSink*> sinks;
};

}  // namespace mosd::dataplane
