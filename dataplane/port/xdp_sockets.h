// The XDP sockets that DPDK's af_xdp driver opens. The driver (22.11) forgets
// to close them: they would hold the interface's queue, and the memory of the
// packet buffers, until the process ends.
#pragma once

#include <utility>
#include <vector>

#include "dataplane/port/process_sockets.h"

namespace mosd::dataplane {

class XdpSockets {
 public:
  explicit XdpSockets(std::vector<ProcessSocket> sockets)
      : sockets_(std::move(sockets)) {}
  XdpSockets(const XdpSockets&) = delete;
  XdpSockets& operator=(const XdpSockets&) = delete;
  // Closes those that are still open. After the device is closed, and before
  // its buffers are freed.
  ~XdpSockets();

 private:
  const std::vector<ProcessSocket> sockets_;
};

}  // namespace mosd::dataplane
