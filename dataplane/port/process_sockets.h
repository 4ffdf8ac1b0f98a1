// The sockets of this process, for what DPDK's drivers do not tell of theirs.
// Any thread.
#pragma once

#include <sys/types.h>

#include <vector>

namespace mosd::dataplane {

struct ProcessSocket {
  int fd;
  ino_t inode;  // tells it from a later one of the same number

  bool operator==(const ProcessSocket&) const = default;
};

// Those of a protocol family (AF_PACKET, AF_XDP) that are open now.
std::vector<ProcessSocket> SocketsOfFamily(int family);

// Those of `now` that were not there `before`.
std::vector<ProcessSocket> Since(const std::vector<ProcessSocket>& before,
                                 std::vector<ProcessSocket> now);

}  // namespace mosd::dataplane
