// Why a received frame was not accounted to a flow. This one list makes the
// workers' counters and their names; the metric label is the name, and the
// proto enum mos.v1.DropReason has the same order (a unit test holds the two
// together). Names are lower_snake_case, stable, and part of the interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace mosd::dataplane {

// X(enumerator, name)
#define MOSD_DROP_REASONS(X)                  \
  X(kEthernetTruncated, "ethernet_truncated") \
  X(kVlanMalformed, "vlan_malformed")         \
  X(kNotIp, "not_ip")                         \
  X(kIpv4Truncated, "ipv4_truncated")         \
  X(kIpv4Malformed, "ipv4_malformed")         \
  X(kIpv4Fragment, "ipv4_fragment")           \
  X(kIpv6Truncated, "ipv6_truncated")         \
  X(kIpv6Malformed, "ipv6_malformed")         \
  X(kIpv6Extension, "ipv6_extension")         \
  X(kIpv6Fragment, "ipv6_fragment")           \
  X(kUdp, "udp")                              \
  X(kIcmp, "icmp")                            \
  X(kOtherProtocol, "other_protocol")         \
  X(kTcpTruncated, "tcp_truncated")           \
  X(kTcpMalformed, "tcp_malformed")           \
  X(kTcpOrphan, "tcp_orphan")                 \
  X(kFlowTableFull, "flow_table_full")        \
  X(kHandoffFull, "handoff_full")             \
  X(kShutdown, "shutdown")

enum class DropReason : uint8_t {
  kNone = 0,  // not dropped
#define MOSD_DROP_ENUMERATOR(enumerator, name) enumerator,
  MOSD_DROP_REASONS(MOSD_DROP_ENUMERATOR)
#undef MOSD_DROP_ENUMERATOR
};

inline constexpr std::string_view kDropReasonNames[] = {
    "none",
#define MOSD_DROP_NAME(enumerator, name) name,
    MOSD_DROP_REASONS(MOSD_DROP_NAME)
#undef MOSD_DROP_NAME
};

// Number of enumerators, kNone included: the size of an array indexed by one.
inline constexpr size_t kDropReasonCount = std::size(kDropReasonNames);

constexpr std::string_view DropReasonName(DropReason reason) {
  return kDropReasonNames[static_cast<size_t>(reason)];
}

}  // namespace mosd::dataplane
