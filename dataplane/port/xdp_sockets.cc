#include "dataplane/port/xdp_sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace mosd::dataplane {

XdpSockets::~XdpSockets() {
  for (const ProcessSocket& open : SocketsOfFamily(AF_XDP)) {
    if (std::find(sockets_.begin(), sockets_.end(), open) != sockets_.end()) {
      close(open.fd);
    }
  }
}

}  // namespace mosd::dataplane
