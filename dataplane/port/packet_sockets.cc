#include "dataplane/port/packet_sockets.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

namespace mosd::dataplane {
namespace {

bool ReceivesFrom(int fd, int interface_index) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
      domain != AF_PACKET) {
    return false;
  }
  sockaddr_ll address = {};
  size = sizeof(address);
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.sll_ifindex == interface_index && address.sll_protocol != 0;
}

}  // namespace

std::vector<int> PacketSockets::Bound(int interface_index,
                                      const std::vector<int>& except) {
  std::vector<int> found;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    const std::string name = entry.path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    if (ReceivesFrom(fd, interface_index) &&
        std::find(except.begin(), except.end(), fd) == except.end()) {
      found.push_back(fd);
    }
  }
  return found;
}

uint64_t PacketSockets::Dropped() {
  for (const int fd : sockets_) {
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
