// Each layer in turn; the first finding decides. Within a layer, what a header
// says is held against what the headers before it said, then its bytes must be
// there: a lie is malformed even in a frame that is cut short.
//
//   layer      its bytes are not there    a field contradicts
//   Ethernet   kEthernetTruncated         -
//   VLAN tag   kVlanMalformed             kVlanMalformed: a third tag
//   IPv4       kIpv4Truncated             kIpv4Malformed: version; total length
//                                         against header length or frame
//   IPv6       kIpv6Truncated             kIpv6Malformed: version; payload
//                                         length against frame
//   extension  kIpv6Extension (as for a   kIpv6Malformed: beyond the payload
//              chain that is too long)    length; misplaced; jumbogram
//   TCP        kTcpTruncated              kTcpMalformed: beyond the IP length;
//                                         data offset under 5
#include "dataplane/packet/parser.h"

#include <algorithm>
#include <cstddef>

#include "dataplane/packet/frame_bytes.h"
#include "dataplane/packet/ip_packet.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/plain_frame.h"
#include "dataplane/packet/segment_key.h"
#include "dataplane/packet/wire.h"

namespace mosd::dataplane {
namespace {

constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr int kMaxVlanTags = 2;

// IEEE 802.1Q, 802.1ad, and the number in use before 802.1ad.
bool IsVlan(uint16_t ether_type) {
  return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100;
}

DropReason ParseEthernet(const FrameBytes& bytes, uint32_t* ip_offset,
                         uint16_t* ether_type) {
  const auto* ethernet = bytes.At<wire::Ethernet>(0);
  if (ethernet == nullptr) return DropReason::kEthernetTruncated;
  *ip_offset = sizeof(wire::Ethernet);
  *ether_type = ethernet->ether_type.value();
  for (int tags = 0; IsVlan(*ether_type); ++tags) {
    const auto* tag = bytes.At<wire::VlanTag>(*ip_offset);
    if (tag == nullptr || tags == kMaxVlanTags) {
      return DropReason::kVlanMalformed;
    }
    *ip_offset += uint32_t{sizeof(wire::VlanTag)};
    *ether_type = tag->ether_type.value();
  }
  return DropReason::kNone;
}

DropReason ParseIpv4(const FrameBytes& bytes, uint32_t offset,
                     uint32_t wire_bytes, IpPacket* packet) {
  const auto* ip = bytes.At<wire::Ipv4>(offset);
  if (ip == nullptr) return DropReason::kIpv4Truncated;
  const uint32_t header_bytes = ip->header_bytes();
  if (ip->version() != 4 || header_bytes < sizeof(wire::Ipv4)) {
    return DropReason::kIpv4Malformed;
  }
  const uint32_t total_bytes = ip->total_bytes.value();
  if (total_bytes != 0 &&
      (total_bytes < header_bytes || offset + total_bytes > wire_bytes)) {
    return DropReason::kIpv4Malformed;
  }
  if (!bytes.Has(offset, header_bytes)) return DropReason::kIpv4Truncated;
  if ((ip->fragment.value() & kMoreFragmentsOrOffset) != 0) {
    return DropReason::kIpv4Fragment;
  }
  packet->version = IpVersion::kIpv4;
  packet->protocol = ip->protocol;
  packet->payload_offset = offset + header_bytes;
  packet->end = total_bytes == 0 ? kEndUnstated : offset + total_bytes;
  packet->addresses = ip->addresses;
  return DropReason::kNone;
}

// The last window scale counts, as it does for the hosts. Ends at the first
// option that makes no sense.
uint8_t FindWindowScale(std::span<const uint8_t> options) {
  constexpr uint8_t kEndOfOptions = 0;
  constexpr uint8_t kNoOperation = 1;
  constexpr uint8_t kWindowScale = 3;
  constexpr uint8_t kMaxWindowScale = 14;  // RFC 7323 section 2.3
  uint8_t scale = kNoWindowScale;
  size_t at = 0;
  while (at + 1 < options.size() && options[at] != kEndOfOptions) {
    if (options[at] == kNoOperation) {
      ++at;
      continue;
    }
    const size_t size = options[at + 1];
    if (size < 2 || size > options.size() - at) break;
    if (options[at] == kWindowScale && size == 3) {
      scale = std::min(options[at + 2], kMaxWindowScale);
    }
    at += size;
  }
  return scale;
}

DropReason ParseTcp(const FrameBytes& bytes, uint32_t wire_bytes,
                    const IpPacket& packet, ParsedFrame* parsed) {
  const uint32_t offset = packet.payload_offset;
  if (offset + sizeof(wire::Tcp) > packet.end) return DropReason::kTcpMalformed;
  const auto* tcp = bytes.At<wire::Tcp>(offset);
  if (tcp == nullptr) return DropReason::kTcpTruncated;
  const uint32_t header_bytes = tcp->header_bytes();
  if (header_bytes < sizeof(wire::Tcp) || offset + header_bytes > packet.end) {
    return DropReason::kTcpMalformed;
  }
  if (!bytes.Has(offset, header_bytes)) return DropReason::kTcpTruncated;

  if (packet.version == IpVersion::kIpv4) {
    parsed->key =
        MakeIpv4Key(packet.addresses, tcp->ports(), &parsed->source_index)
            .Ipv4();
  } else {
    SetIpv6Key(packet.addresses, tcp->source_port.value(),
               packet.addresses + 16, tcp->destination_port.value(), parsed);
  }
  parsed->tcp_flags = tcp->flags;
  parsed->window_scale = kNoWindowScale;
  if ((tcp->flags & kTcpSyn) != 0) {
    parsed->window_scale = FindWindowScale(bytes.Run(
        offset + sizeof(wire::Tcp), header_bytes - sizeof(wire::Tcp)));
  }
  parsed->reserved = 0;
  parsed->tcp_offset = static_cast<uint16_t>(offset);
  parsed->payload_offset = static_cast<uint16_t>(offset + header_bytes);
  parsed->window = tcp->window.value();
  parsed->payload_length =
      std::min(packet.end, wire_bytes) - (offset + header_bytes);
  parsed->seq = tcp->seq.value();
  parsed->ack = tcp->ack.value();
  return DropReason::kNone;
}

DropReason ParseTransport(const FrameBytes& bytes, uint32_t wire_bytes,
                          const IpPacket& packet, ParsedFrame* parsed) {
  switch (packet.protocol) {
    case kProtocolTcp:
      return ParseTcp(bytes, wire_bytes, packet, parsed);
    case kProtocolUdp:
      return DropReason::kUdp;
    case kProtocolIcmp:
    case kProtocolIcmpv6:
      return DropReason::kIcmp;
    default:
      return DropReason::kOtherProtocol;
  }
}

// A call of its own, so that plain frames need no registers saved.
[[gnu::noinline]] DropReason ParseLayers(const FrameBytes& bytes,
                                         uint32_t wire_bytes,
                                         ParsedFrame* parsed) {
  uint32_t ip_offset;
  uint16_t ether_type;
  DropReason reason = ParseEthernet(bytes, &ip_offset, &ether_type);
  if (reason != DropReason::kNone) return reason;
  IpPacket packet;
  if (ether_type == kEtherTypeIpv4) {
    reason = ParseIpv4(bytes, ip_offset, wire_bytes, &packet);
  } else if (ether_type == kEtherTypeIpv6) {
    reason = ParseIpv6(bytes, ip_offset, wire_bytes, &packet);
  } else {
    reason = DropReason::kNotIp;
  }
  if (reason != DropReason::kNone) return reason;
  parsed->ip_offset = static_cast<uint16_t>(ip_offset);
  parsed->ip_length = std::min(packet.end, wire_bytes) - ip_offset;
  return ParseTransport(bytes, wire_bytes, packet, parsed);
}

}  // namespace

DropReason ParseFrame(std::span<const uint8_t> headers, FrameLength length,
                      ParsedFrame* parsed) {
  const FrameBytes bytes(headers);
  // The wire had at least the bytes that are here, whatever the capture says.
  const uint32_t wire_bytes = std::max(
      {length.wire, length.captured, static_cast<uint32_t>(headers.size())});
  if (const PlainFrame* const plain = PlainFrame::Look(bytes, wire_bytes)) {
    plain->Parse(parsed);
    return DropReason::kNone;
  }
  return ParseLayers(bytes, wire_bytes, parsed);
}

}  // namespace mosd::dataplane
