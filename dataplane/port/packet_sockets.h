// The packet sockets that DPDK's af_packet driver opens and keeps to itself.
// The driver (22.11) does not count what the kernel dropped because a ring was
// full; the kernel tells it to whoever has the socket, and it is this process.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace mosd::dataplane {

class PacketSockets {
 public:
  // Those of this process that receive from an interface, but for `except`.
  static std::vector<int> Bound(int interface_index,
                                const std::vector<int>& except);

  explicit PacketSockets(std::vector<int> sockets)
      : sockets_(std::move(sockets)) {}

  // Frames dropped since this object was made; the sockets are open.
  uint64_t Dropped();
  // Begins to count anew.
  void Reset();

 private:
  const std::vector<int> sockets_;  // the driver's, not owned
  uint64_t dropped_ = 0;
};

}  // namespace mosd::dataplane
