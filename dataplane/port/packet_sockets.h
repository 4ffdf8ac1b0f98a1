// The packet sockets that DPDK's af_packet driver opens and keeps to itself.
// The driver (22.11) does not count what the kernel dropped because a ring was
// full; the kernel tells it to whoever has the socket, and it is this process.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/port/process_sockets.h"

namespace mosd::dataplane {

class PacketSockets {
 public:
  // Those of `sockets` that receive from an interface. They are the driver's,
  // and open for as long as this object is used.
  PacketSockets(const std::vector<ProcessSocket>& sockets, int interface_index);

  // Frames dropped since this object was made, or reset.
  uint64_t Dropped();
  void Reset();

 private:
  std::vector<int> fds_;
  uint64_t dropped_ = 0;
};

}  // namespace mosd::dataplane
