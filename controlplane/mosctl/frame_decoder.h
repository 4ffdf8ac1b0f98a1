// An Ethernet frame taken apart for a reader: headers as they stand on the
// wire, and the first thing that is wrong with them. The frame may be cut off
// or hostile; no byte outside it is ever read. Pure, any thread. Lengths in
// bytes, numbers in host order. Spans point into the frame, which outlives
// the result.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/mosctl/tcp_options.h"

namespace mosd::mosctl {

using MacAddress = std::array<uint8_t, 6>;

// IEEE 802.1Q, clause 9.6.
struct VlanTag {
  uint16_t protocol = 0;  // 0x8100, 0x88a8 or 0x9100
  uint8_t priority = 0;
  bool drop_eligible = false;
  uint16_t id = 0;
};

struct EthernetHeader {
  MacAddress destination{};
  MacAddress source{};
  std::vector<VlanTag> tags;
  uint16_t type = 0;  // behind the tags; below 1536 it is a length
};

enum class Checksum { kUnknown, kRight, kWrong };

// RFC 791.
struct Ipv4Header {
  size_t header_length = 0;
  uint8_t dscp = 0;
  uint8_t ecn = 0;
  uint16_t total_length = 0;
  uint16_t id = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  uint32_t fragment_offset = 0;
  uint8_t ttl = 0;
  uint8_t protocol = 0;
  Checksum checksum = Checksum::kUnknown;
  std::span<const uint8_t> source;
  std::span<const uint8_t> destination;
  std::span<const uint8_t> options;
};

// RFC 8200, section 4, and RFC 4302 for the authentication header.
struct Ipv6Extension {
  uint8_t type = 0;
  std::span<const uint8_t> bytes;  // the whole header
};

// RFC 8200, section 3.
struct Ipv6Header {
  uint8_t dscp = 0;
  uint8_t ecn = 0;
  uint32_t flow_label = 0;
  uint16_t payload_length = 0;
  uint8_t hop_limit = 0;
  uint8_t protocol = 0;  // behind the extension headers
  bool fragment = false;
  uint32_t fragment_offset = 0;
  std::vector<Ipv6Extension> extensions;
  std::span<const uint8_t> source;
  std::span<const uint8_t> destination;
};

// RFC 9293, section 3.1.
struct TcpHeader {
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint32_t seq = 0;
  uint32_t ack = 0;
  size_t header_length = 0;
  uint16_t flags = 0;  // AE CWR ECE URG ACK PSH RST SYN FIN
  uint16_t window = 0;
  uint16_t urgent = 0;
  Checksum checksum = Checksum::kUnknown;
  std::vector<TcpOption> options;
};

struct DecodedFrame {
  std::optional<EthernetHeader> ethernet;
  std::optional<Ipv4Header> ipv4;
  std::optional<Ipv6Header> ipv6;
  std::optional<TcpHeader> tcp;
  // What follows the last header that was decoded, as far as the IP length
  // says and the frame goes.
  std::span<const uint8_t> payload;
  // Payload bytes that the headers announce and the frame does not hold.
  size_t missing = 0;
  // Bytes behind the IP packet: padding to the least Ethernet frame.
  size_t padding = 0;
  // Why decoding stopped before the TCP payload; empty: it did not.
  std::string problem;
};

DecodedFrame DecodeFrame(std::span<const uint8_t> frame);

}  // namespace mosd::mosctl
