#include "api/packet/segment_bytes.h"

#include <rte_ip.h>

#include <cstring>

#include "dataplane/packet/ip_packet.h"
#include "dataplane/packet/wire.h"

namespace mosd::api {
namespace {

using dataplane::IpVersion;
namespace wire = dataplane::wire;

constexpr size_t kTcpChecksumOffset = offsetof(wire::Tcp, checksum);

// `sum` is as rte_raw_cksum() gives it: already in the order of the wire.
void StoreSum(uint8_t* to, uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  const auto checksum = static_cast<uint16_t>(~sum);
  std::memcpy(to, &checksum, sizeof(checksum));
}

}  // namespace

size_t MaxIpBytes(IpVersion version) {
  return version == IpVersion::kIpv4 ? UINT16_MAX
                                     : UINT16_MAX + kIpv6HeaderBytes;
}

void Store16(uint8_t* to, size_t value) {
  to[0] = static_cast<uint8_t>(value >> 8);
  to[1] = static_cast<uint8_t>(value);
}

void Store32(uint8_t* to, uint32_t value) {
  Store16(to, value >> 16);
  Store16(to + 2, value);
}

void StoreIpLength(uint8_t* ip, IpVersion version, size_t ip_bytes) {
  if (version == IpVersion::kIpv4) {
    Store16(ip + offsetof(wire::Ipv4, total_bytes), ip_bytes);
  } else {
    Store16(ip + offsetof(wire::Ipv6, payload_bytes),
            ip_bytes - kIpv6HeaderBytes);
  }
}

void StoreIpv4Checksum(std::span<uint8_t> header) {
  uint8_t* const checksum = header.data() + offsetof(wire::Ipv4, checksum);
  Store16(checksum, 0);
  StoreSum(checksum, rte_raw_cksum(header.data(), header.size()));
}

// Not by rte_ipv6_udptcp_cksum(): it takes the next header field for TCP's
// number, and the payload length for TCP's, which extension headers make wrong.
void StoreTcpChecksum(const uint8_t* ip, IpVersion version,
                      std::span<uint8_t> segment) {
  const bool ipv4 = version == IpVersion::kIpv4;
  const uint8_t* const addresses =
      ip + (ipv4 ? offsetof(wire::Ipv4, addresses)
                 : offsetof(wire::Ipv6, addresses));
  uint8_t length_and_protocol[8] = {};
  Store32(length_and_protocol, static_cast<uint32_t>(segment.size()));
  length_and_protocol[7] = dataplane::kProtocolTcp;

  uint8_t* const checksum = segment.data() + kTcpChecksumOffset;
  Store16(checksum, 0);
  uint32_t sum = rte_raw_cksum(addresses, ipv4 ? 8 : 32);
  sum += rte_raw_cksum(length_and_protocol, sizeof(length_and_protocol));
  sum += rte_raw_cksum(segment.data(), segment.size());
  StoreSum(checksum, sum);
}

}  // namespace mosd::api
