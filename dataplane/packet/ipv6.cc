// RFC 8200: each extension header names the kind of the next and its own
// length, so that the chain is walked without looking at what the headers
// mean, but for fragments and jumbograms. The order of headers is free.
#include "dataplane/packet/ipv6.h"

#include <cstddef>
#include <span>

#include "dataplane/packet/parser.h"
#include "dataplane/packet/wire.h"

namespace mosd::dataplane {
namespace {

constexpr int kMaxExtensionHeaders = 8;
constexpr uint32_t kMaxTcpHeaderBytes = 60;
constexpr uint32_t kMaxChainEnd = kMaxHeaderBytes - kMaxTcpHeaderBytes;

// Length of an extension header, or 0 if `type` is none.
uint32_t ExtensionBytes(uint8_t type, uint8_t length_field) {
  switch (type) {
    case kProtocolHopByHop:
    case kProtocolRouting:
    case kProtocolDestination:
    case kProtocolMobility:
    case kProtocolHip:
    case kProtocolShim6:
      return (length_field + 1u) * 8;
    case kProtocolFragment:
      return sizeof(wire::Ipv6Extension);
    case kProtocolAuthentication:
      return (length_field + 2u) * 4;  // RFC 4302 section 2.2
    default:
      return 0;
  }
}

bool IsExtension(uint8_t type) { return ExtensionBytes(type, 0) != 0; }

// Whether hop-by-hop options hold a jumbo payload (RFC 2675 section 2).
bool HasJumboPayload(std::span<const uint8_t> options) {
  constexpr uint8_t kPad1 = 0;
  constexpr uint8_t kJumboPayload = 0xc2;
  size_t at = 0;
  while (at < options.size()) {
    if (options[at] == kJumboPayload) return true;
    if (options[at] == kPad1) {
      ++at;
    } else if (at + 1 < options.size()) {
      at += size_t{2} + options[at + 1];
    } else {
      break;
    }
  }
  return false;
}

// Steps over the extension header that starts at packet->payload_offset.
DropReason SkipExtension(const FrameBytes& bytes, bool is_first,
                         IpPacket* packet) {
  const uint32_t offset = packet->payload_offset;
  if (offset + sizeof(wire::Ipv6Extension) > packet->end) {
    return DropReason::kIpv6Malformed;
  }
  const auto* extension = bytes.At<wire::Ipv6Extension>(offset);
  if (extension == nullptr) return DropReason::kIpv6Extension;
  const uint8_t type = packet->protocol;
  const uint32_t size = ExtensionBytes(type, extension->length);
  if (offset + size > packet->end) return DropReason::kIpv6Malformed;
  if (offset + size > kMaxChainEnd || !bytes.Has(offset, size)) {
    return DropReason::kIpv6Extension;
  }
  // Offset 0 with nothing to follow is a whole packet (RFC 6946).
  constexpr uint16_t kOffsetOrMoreFragments = 0xfff9;
  if (type == kProtocolFragment &&
      (extension->fragment.value() & kOffsetOrMoreFragments) != 0) {
    return DropReason::kIpv6Fragment;
  }
  // Hop-by-hop options stand only right behind the IPv6 header (RFC 8200
  // section 4.1), and a jumbogram is longer than any frame.
  if (type == kProtocolHopByHop &&
      (!is_first || HasJumboPayload(bytes.Run(offset + 2, size - 2)))) {
    return DropReason::kIpv6Malformed;
  }
  packet->protocol = extension->next_header;
  packet->payload_offset = offset + size;
  return DropReason::kNone;
}

}  // namespace

DropReason ParseIpv6(const FrameBytes& bytes, uint32_t offset,
                     uint32_t wire_bytes, IpPacket* packet) {
  const auto* ip = bytes.At<wire::Ipv6>(offset);
  if (ip == nullptr) return DropReason::kIpv6Truncated;
  const uint32_t payload_offset = offset + uint32_t{sizeof(wire::Ipv6)};
  const uint32_t payload_bytes = ip->payload_bytes.value();
  if (ip->version() != 6 || payload_offset + payload_bytes > wire_bytes) {
    return DropReason::kIpv6Malformed;
  }
  packet->version = IpVersion::kIpv6;
  packet->protocol = ip->next_header;
  packet->payload_offset = payload_offset;
  packet->end =
      payload_bytes == 0 ? kEndUnstated : payload_offset + payload_bytes;
  packet->addresses = ip->addresses;
  for (int count = 0; IsExtension(packet->protocol); ++count) {
    if (count == kMaxExtensionHeaders) return DropReason::kIpv6Extension;
    const DropReason reason = SkipExtension(bytes, count == 0, packet);
    if (reason != DropReason::kNone) return reason;
  }
  return DropReason::kNone;
}

}  // namespace mosd::dataplane
