// What a worker has to know of a receive queue, to poll it.
#pragma once

#include <cstdint>

namespace mosd::dataplane {

// A frame from a live port is never longer than this, unless the port says so.
inline constexpr uint32_t kUncut = UINT32_MAX;

struct RxQueue {
  uint16_t ethdev;  // DPDK's number of the port
  uint16_t queue;
  uint8_t port;  // index in DataplaneOptions::ports
  // The frames carry a FrameStamp, and what is queued counts as received (a
  // capture); else the worker takes the host's clock, and the mbuf's length.
  bool stamped;
  // A frame of this many bytes or more may have been cut by the device: its
  // length on the wire is then what its IP header says.
  uint32_t cut_at_bytes = kUncut;
  // The device's driver tells when it received a frame (device_time.h).
  bool device_time = false;
};

}  // namespace mosd::dataplane
