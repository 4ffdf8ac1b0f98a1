// What the IP headers of a frame say of the packet they carry, once they have
// been checked. Refers to the frame's bytes and owns nothing. Offsets in bytes
// from the start of the frame.
#pragma once

#include <cstdint>
#include <limits>

#include "dataplane/flow/flow_key.h"

namespace mosd::dataplane {

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;

// In the fragment field of an IPv4 header: not the whole packet.
inline constexpr uint16_t kMoreFragmentsOrOffset = 0x3fff;

// Assigned Internet Protocol Numbers (IANA).
inline constexpr uint8_t kProtocolHopByHop = 0;
inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;
inline constexpr uint8_t kProtocolRouting = 43;
inline constexpr uint8_t kProtocolFragment = 44;
inline constexpr uint8_t kProtocolAuthentication = 51;
inline constexpr uint8_t kProtocolIcmpv6 = 58;
inline constexpr uint8_t kProtocolDestination = 60;
inline constexpr uint8_t kProtocolMobility = 135;
inline constexpr uint8_t kProtocolHip = 139;
inline constexpr uint8_t kProtocolShim6 = 140;

// The end of a packet whose length field is 0, as segmentation offload leaves
// it in captures of the sending host: wherever the frame ends.
inline constexpr uint32_t kEndUnstated = std::numeric_limits<uint32_t>::max();

struct IpPacket {
  IpVersion version;
  uint8_t protocol;          // of what follows the IP headers
  uint32_t payload_offset;   // past options and extension headers
  uint32_t end;              // by the length field, within the frame's wire
                             // length; or kEndUnstated
  const uint8_t* addresses;  // of 4 or 16 bytes, the source's first
};

}  // namespace mosd::dataplane
