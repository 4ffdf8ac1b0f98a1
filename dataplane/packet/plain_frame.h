// What most frames are: Ethernet without tags, IPv4 without options, a TCP
// segment that is no SYN. One look, instead of one a layer, and the same answer
// (tests/unit/dataplane/packet/parser_reference_test.cc). Any thread.
#pragma once

#include <cstdint>

#include "dataplane/packet/frame_bytes.h"
#include "dataplane/packet/ip_packet.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/segment_key.h"
#include "dataplane/packet/wire.h"

namespace mosd::dataplane {

// False: it is something else, or something is wrong with it; `*parsed` is then
// unspecified. `wire_bytes` as in ParseFrame.
inline bool ParsePlainFrame(const FrameBytes& bytes, uint32_t wire_bytes,
                            ParsedFrame* parsed) {
  struct Headers {
    wire::Ethernet ethernet;
    wire::Ipv4 ip;
    wire::Tcp tcp;
  };
  constexpr uint32_t kIpOffset = sizeof(wire::Ethernet);
  constexpr uint32_t kTcpOffset = kIpOffset + sizeof(wire::Ipv4);
  constexpr uint8_t kVersion4Words5 = 0x45;
  const auto* const headers = bytes.At<Headers>(0);
  if (headers == nullptr) return false;
  const auto& [ethernet, ip, tcp] = *headers;
  const uint32_t ip_bytes = ip.total_bytes.value();
  const uint32_t end = kIpOffset + ip_bytes;
  const uint32_t tcp_bytes = tcp.header_bytes();
  const uint32_t payload_offset = kTcpOffset + tcp_bytes;
  const bool plain = ethernet.ether_type.value() == kEtherTypeIpv4 &&
                     ip.version_and_words == kVersion4Words5 &&
                     (ip.fragment.value() & kMoreFragmentsOrOffset) == 0 &&
                     ip.protocol == kProtocolTcp &&
                     (tcp.flags & kTcpSyn) == 0 &&
                     tcp_bytes >= sizeof(wire::Tcp) && payload_offset <= end &&
                     end <= wire_bytes && bytes.Has(kTcpOffset, tcp_bytes);
  if (!plain) return false;
  SetIpv4Key(ip.source, tcp.source_port.value(), ip.destination,
             tcp.destination_port.value(), parsed);
  parsed->tcp_flags = tcp.flags;
  parsed->window_scale = kNoWindowScale;
  parsed->reserved = 0;
  parsed->ip_offset = kIpOffset;
  parsed->tcp_offset = kTcpOffset;
  parsed->payload_offset = static_cast<uint16_t>(payload_offset);
  parsed->window = tcp.window.value();
  parsed->ip_length = ip_bytes;
  parsed->payload_length = end - payload_offset;
  parsed->seq = tcp.seq.value();
  parsed->ack = tcp.ack.value();
  return true;
}

}  // namespace mosd::dataplane
