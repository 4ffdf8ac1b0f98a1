// The text that names a device in the configuration, taken apart. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::dataplane {

enum class DeviceKind {
  kPcap,      // pcap:FILE, all that follows is the file's name
  kAfPacket,  // af_packet:IFACE[,key=value...]
  kAfXdp,     // af_xdp:IFACE[,key=value...]
  kTap,       // tap:NAME[,key=value...]
  kMemif,     // memif:SOCKET[,key=value...]
  kRing,      // ring:NAME, an rte_ring of this process
  kNull,      // null:[key=value...]
  kPci,       // [0000:]03:00.0
  kDpdk,      // dpdk0, a port that DPDK already has
};

struct DeviceSpec {
  DeviceKind kind;
  // File, interface, socket or ring; a PCI address with its domain; the digits
  // of dpdkN; empty for null.
  std::string argument;
  // Arguments for DPDK's driver, as written, in order.
  std::vector<std::pair<std::string, std::string>> extra;

  // The last value given for `key`.
  std::optional<std::string> Extra(absl::string_view key) const;
};

// INVALID_ARGUMENT: unknown kind (lists the known ones), nothing or something
// impossible after the colon. Any bytes are safe.
absl::StatusOr<DeviceSpec> ParseDeviceSpec(absl::string_view device);

}  // namespace mosd::dataplane
