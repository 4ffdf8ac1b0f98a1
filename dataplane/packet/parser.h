// Ethernet, 802.1Q/QinQ, IPv4/IPv6 and TCP headers of one frame, checked once
// against each other and against the bytes that are really there. Pure
// functions, any thread; no allocation. Offsets count from the first byte of
// the frame; all other numbers are in host byte order.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/drop_reason.h"
#include "dataplane/flow/flow_key.h"

namespace mosd::dataplane {

// TCP control bits, RFC 9293 section 3.1.
inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpPsh = 0x08;
inline constexpr uint8_t kTcpAck = 0x10;
inline constexpr uint8_t kTcpUrg = 0x20;
inline constexpr uint8_t kTcpEce = 0x40;
inline constexpr uint8_t kTcpCwr = 0x80;

// A window scale option that was not there.
inline constexpr uint8_t kNoWindowScale = 0xff;

// Bytes of a frame that the parser may need to see in one piece: Ethernet, two
// tags, IPv6 with its extension headers, TCP with options. What lies beyond is
// payload, or an extension chain that is refused.
inline constexpr uint32_t kMaxHeaderBytes = 512;

// What the wire and the capture say of a frame besides its bytes.
struct FrameLength {
  uint32_t captured;  // bytes present, at least headers.size()
  uint32_t wire;      // bytes on the wire, >= captured
};

// A TCP segment inside an Ethernet frame.
struct ParsedFrame {
  FlowKey key;
  uint8_t source_index;  // key.endpoint(source_index) sent the frame
  uint8_t tcp_flags;
  uint8_t window_scale;  // of a SYN that carries one, at most 14 (RFC 7323);
                         // else kNoWindowScale
  uint8_t reserved;      // 0
  uint16_t ip_offset;    // past the VLAN tags
  uint16_t tcp_offset;
  uint16_t payload_offset;  // tcp_offset + TCP header length
  uint16_t window;          // unscaled
  uint32_t ip_length;       // IPv4 total length; 40 + IPv6 payload length
  uint32_t payload_length;  // TCP payload by the IP header, padding excluded;
                            // may exceed what was captured
  uint32_t seq;
  uint32_t ack;
};

// Parses a frame. `headers` is its beginning: the whole frame or its first
// kMaxHeaderBytes, whichever is less; more makes no difference. Returns kNone
// and fills `*parsed` when it is a whole, unfragmented TCP header over IP; else
// the reason, by the table in parser.cc, with `*parsed` unspecified. A payload
// cut off by the capture's snap length (captured < wire) is accepted as long as
// the TCP header with its options is there. IP total length 0 (segmentation
// offload on the capturing host) means "to the end of the frame". The key has
// the addresses of the IP header, whatever a routing header says.
DropReason ParseFrame(std::span<const uint8_t> headers, FrameLength length,
                      ParsedFrame* parsed);

}  // namespace mosd::dataplane
