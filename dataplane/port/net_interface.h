// A network interface of the kernel, as the drivers on top of it (af_packet,
// af_xdp) need to know it: that it is there, how long its frames may be,
// whether it has a link. Reading: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mosd::dataplane {

class NetInterface {
 public:
  // NOT_FOUND; PERMISSION_DENIED without CAP_NET_RAW; INVALID_ARGUMENT if its
  // frames are not Ethernet.
  static absl::StatusOr<std::unique_ptr<NetInterface>> Open(
      const std::string& name);
  ~NetInterface();
  NetInterface(const NetInterface&) = delete;
  NetInterface& operator=(const NetInterface&) = delete;

  const std::string& name() const { return name_; }
  int index() const { return index_; }

  // Up and with a carrier. False, too, when the interface has vanished.
  bool link_up() const;
  // What it may hand over in one piece: the MTU and its headers, or 64 KiB
  // where segments are sent or received in aggregates (TSO, GSO, GRO, LRO).
  uint32_t longest_frame() const;
  // Of the hardware; 1 where there are none to speak of.
  uint32_t rx_queues() const;
  // Frames for others, too, for as long as this object lives. The kernel
  // counts such wishes, so that no other program's is undone.
  absl::Status ReceiveAll();

 private:
  NetInterface(std::string name, int index, int socket)
      : name_(std::move(name)), index_(index), socket_(socket) {}
  // Of linux/ethtool.h; 0 where it does not apply.
  uint32_t EthtoolValue(uint32_t command) const;

  const std::string name_;
  const int index_;
  const int socket_;  // AF_PACKET, of no protocol: it receives nothing
};

}  // namespace mosd::dataplane
