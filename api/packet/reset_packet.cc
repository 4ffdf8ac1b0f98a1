#include "api/packet/reset_packet.h"

#include <algorithm>
#include <cstring>

#include "api/packet/segment_bytes.h"
#include "dataplane/packet/frame_bytes.h"
#include "dataplane/packet/ip_packet.h"
#include "dataplane/packet/wire.h"

namespace mosd::api {
namespace {

using dataplane::IpVersion;
using dataplane::ParsedFrame;
namespace wire = dataplane::wire;

constexpr size_t kMinFrameBytes = 60;  // IEEE 802.3, less the FCS
constexpr size_t kMaxIpOffset = sizeof(wire::Ethernet) + 2 * 4;
constexpr uint8_t kHopLimit = 64;
constexpr uint16_t kDontFragment = 0x4000;

// `size` bytes each of source and destination, in either order.
void CopyPair(uint8_t* to, const uint8_t* from, size_t size, bool swap) {
  std::memcpy(to, from + (swap ? size : 0), size);
  std::memcpy(to + size, from + (swap ? 0 : size), size);
}

void PutIpv4(uint8_t* ip, const uint8_t* from, bool swap) {
  ip[0] = 4 << 4 | kIpv4HeaderBytes / 4;
  // An atomic datagram (RFC 6864): its identification says nothing.
  Store16(ip + offsetof(wire::Ipv4, fragment), kDontFragment);
  ip[offsetof(wire::Ipv4, time_to_live)] = kHopLimit;
  ip[offsetof(wire::Ipv4, protocol)] = dataplane::kProtocolTcp;
  constexpr size_t kAddresses = offsetof(wire::Ipv4, addresses);
  CopyPair(ip + kAddresses, from + kAddresses, 4, swap);
  StoreIpLength(ip, IpVersion::kIpv4, kIpv4HeaderBytes + kTcpHeaderBytes);
  StoreIpv4Checksum({ip, kIpv4HeaderBytes});
}

void PutIpv6(uint8_t* ip, const uint8_t* from, bool swap) {
  ip[0] = 6 << 4;
  ip[offsetof(wire::Ipv6, next_header)] = dataplane::kProtocolTcp;
  ip[offsetof(wire::Ipv6, hop_limit)] = kHopLimit;
  constexpr size_t kAddresses = offsetof(wire::Ipv6, addresses);
  CopyPair(ip + kAddresses, from + kAddresses, 16, swap);
  StoreIpLength(ip, IpVersion::kIpv6, kIpv6HeaderBytes + kTcpHeaderBytes);
}

void PutTcp(uint8_t* tcp, const uint8_t* from, bool swap, uint32_t seq,
            std::optional<uint32_t> ack) {
  CopyPair(tcp, from, sizeof(uint16_t), swap);  // ports
  Store32(tcp + offsetof(wire::Tcp, seq), seq);
  Store32(tcp + offsetof(wire::Tcp, ack), ack.value_or(0));
  tcp[offsetof(wire::Tcp, offset_and_reserved)] = kTcpHeaderBytes / 4 << 4;
  tcp[offsetof(wire::Tcp, flags)] = static_cast<uint8_t>(
      dataplane::kTcpRst | (ack.has_value() ? dataplane::kTcpAck : 0));
}

}  // namespace

size_t BuildReset(std::span<const uint8_t> last_frame_from_peer,
                  const ParsedFrame& parsed, bool to_sender, uint32_t seq,
                  std::optional<uint32_t> ack, std::span<uint8_t> out) {
  const dataplane::FrameBytes frame(last_frame_from_peer);
  const IpVersion version = parsed.key.version;
  const size_t ip_offset = parsed.ip_offset;
  if (out.size() < kMaxResetBytes || ip_offset < sizeof(wire::Ethernet) ||
      ip_offset > kMaxIpOffset ||
      !frame.Has(ip_offset, IpHeaderBytes(version)) ||
      !frame.Has(parsed.tcp_offset, kTcpHeaderBytes)) {
    return 0;
  }
  const uint8_t* const from = last_frame_from_peer.data();
  const size_t tcp_offset = ip_offset + IpHeaderBytes(version);
  const size_t size = std::max(kMinFrameBytes, tcp_offset + kTcpHeaderBytes);
  uint8_t* const to = out.data();
  std::memset(to, 0, size);

  constexpr size_t kTags = offsetof(wire::Ethernet, ether_type);
  CopyPair(to, from, kTags / 2, to_sender);
  std::memcpy(to + kTags, from + kTags, ip_offset - kTags);
  if (version == IpVersion::kIpv4) {
    PutIpv4(to + ip_offset, from + ip_offset, to_sender);
  } else {
    PutIpv6(to + ip_offset, from + ip_offset, to_sender);
  }
  PutTcp(to + tcp_offset, from + parsed.tcp_offset, to_sender, seq, ack);
  StoreTcpChecksum(to + ip_offset, version, {to + tcp_offset, kTcpHeaderBytes});
  return size;
}

}  // namespace mosd::api
