#include "dataplane/port/packet_sockets.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

namespace mosd::dataplane {
namespace {

bool ReceivesFrom(int fd, int interface_index) {
  sockaddr_ll address = {};
  socklen_t size = sizeof(address);
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.sll_ifindex == interface_index && address.sll_protocol != 0;
}

}  // namespace

PacketSockets::PacketSockets(const std::vector<ProcessSocket>& sockets,
                             int interface_index) {
  for (const ProcessSocket& socket : sockets) {
    if (ReceivesFrom(socket.fd, interface_index)) fds_.push_back(socket.fd);
  }
}

uint64_t PacketSockets::Dropped() {
  for (const int fd : fds_) {
    tpacket_stats since_last = {};
    socklen_t size = sizeof(since_last);
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &since_last, &size) ==
        0) {
      dropped_ += since_last.tp_drops;
    }
  }
  return dropped_;
}

void PacketSockets::Reset() {
  Dropped();
  dropped_ = 0;
}

}  // namespace mosd::dataplane
