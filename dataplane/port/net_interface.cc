#include "dataplane/port/net_interface.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {
namespace {

constexpr uint32_t kAggregateBytes = 14 + 65535;
// Ethernet's header and two VLAN tags.
constexpr uint32_t kLinkHeaderBytes = 14 + 2 * 4;

ifreq RequestFor(const std::string& name) {
  ifreq request = {};
  name.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  return request;
}

absl::Status SocketError(int error) {
  if (error == EPERM || error == EACCES) {
    return absl::PermissionDeniedError(
        "watching an interface needs CAP_NET_RAW; run as root, or give the "
        "program that capability");
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no packet socket: ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<NetInterface>> NetInterface::Open(
    const std::string& name) {
  // An interface that is not there is said so without any right.
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) {
    return absl::NotFoundError(
        "there is no such network interface; `ip link` lists them");
  }
  const int socket = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (socket < 0) return SocketError(errno);
  std::unique_ptr<NetInterface> interface(
      new NetInterface(name, static_cast<int>(index), socket));
  ifreq request = RequestFor(name);
  if (ioctl(socket, SIOCGIFHWADDR, &request) != 0) {
    return absl::NotFoundError(
        absl::StrCat("the interface cannot be read: ", std::strerror(errno)));
  }
  const int type = request.ifr_hwaddr.sa_family;
  if (type != ARPHRD_ETHER && type != ARPHRD_LOOPBACK) {
    return absl::InvalidArgumentError(
        absl::StrCat("the interface is not Ethernet (its type is ", type, ")"));
  }
  return interface;
}

NetInterface::~NetInterface() { close(socket_); }

bool NetInterface::link_up() const {
  ifreq request = RequestFor(name_);
  if (ioctl(socket_, SIOCGIFFLAGS, &request) != 0) return false;
  return (request.ifr_flags & IFF_UP) != 0 &&
         (request.ifr_flags & IFF_RUNNING) != 0;
}

uint32_t NetInterface::longest_frame() const {
  constexpr uint32_t kAggregating[] = {ETHTOOL_GGRO, ETHTOOL_GGSO,
                                       ETHTOOL_GTSO};
  const bool aggregates =
      std::any_of(std::begin(kAggregating), std::end(kAggregating),
                  [this](uint32_t command) { return EthtoolValue(command); }) ||
      (EthtoolValue(ETHTOOL_GFLAGS) & ETH_FLAG_LRO) != 0;
  if (aggregates) return kAggregateBytes;
  ifreq request = RequestFor(name_);
  if (ioctl(socket_, SIOCGIFMTU, &request) != 0) return kAggregateBytes;
  return std::min(static_cast<uint32_t>(request.ifr_mtu) + kLinkHeaderBytes,
                  kAggregateBytes);
}

uint32_t NetInterface::rx_queues() const {
  ethtool_channels channels = {};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request = RequestFor(name_);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (ioctl(socket_, SIOCETHTOOL, &request) != 0) return 1;
  return std::max(channels.rx_count + channels.combined_count, 1U);
}

absl::Status NetInterface::ReceiveAll() {
  packet_mreq wish = {};
  wish.mr_ifindex = index_;
  wish.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(socket_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish,
                 sizeof(wish)) != 0) {
    return absl::InternalError(
        absl::StrCat("promiscuous mode: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

uint32_t NetInterface::EthtoolValue(uint32_t command) const {
  ethtool_value value = {command, 0};
  ifreq request = RequestFor(name_);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ioctl(socket_, SIOCETHTOOL, &request) == 0 ? value.data : 0;
}

}  // namespace mosd::dataplane
