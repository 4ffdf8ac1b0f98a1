// Frames for tests, declared layer by layer and built with right lengths and
// checksums, unless a test asks for a lie:
//
//   Packet().Eth().Vlan(5).Ipv4("10.0.0.1", "10.0.0.2").Tcp(1234, 80)
//       .Flags(kTcpSyn).Seq(1).Window(100).WindowScale(7).Build()
//
// Thread-compatible values. Sizes in bytes, numbers in host order. A mistake
// of the test, such as a bad address, ends the test program.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/bytes.h"

namespace mosd::testing {

class Packet {
 public:
  Packet() { Eth(); }

  // Link layer. The EtherType follows from the network layer, unless given.
  Packet& Eth(std::string_view source = "02:00:00:00:00:01",
              std::string_view destination = "02:00:00:00:00:02");
  Packet& Vlan(uint16_t control, uint16_t ether_type = 0x8100);
  Packet& EtherType(uint16_t ether_type) {
    return Set(&ether_type_, ether_type);
  }

  // Network layer: one of the two, or neither.
  Packet& Ipv4(std::string_view source, std::string_view destination);
  Packet& Ipv6(std::string_view source, std::string_view destination);
  Packet& IpOptions(const Bytes& options);              // IPv4; padded to words
  Packet& Ttl(uint8_t ttl) { return Set(&ttl_, ttl); }  // or hop limit
  // `offset_units` of 8 bytes. After Ipv4(): in the header; after Ipv6(): a
  // fragment header at this place in the chain.
  Packet& Fragment(uint16_t offset_units, bool more);
  // Instead of what the packet really is; Ihl and IpTotalLength for IPv4.
  Packet& Protocol(uint8_t number) { return Set(&protocol_, number); }
  Packet& IpVersion(uint8_t version) { return Set(&version_, version); }
  Packet& Ihl(uint8_t words) { return Set(&ihl_, words); }
  Packet& IpTotalLength(uint16_t bytes) { return Set(&ip_length_, bytes); }
  Packet& Ipv6PayloadLength(uint16_t bytes) { return Set(&ip_length_, bytes); }

  // IPv6 extension headers, in the order of the calls. `body` is what follows
  // the two bytes of next header and length; it is padded to a multiple of 8
  // with them.
  Packet& HopByHop(const Bytes& options = {});
  Packet& DestinationOptions(const Bytes& options = {});
  Packet& Routing(const Bytes& body = {});
  Packet& Authentication();
  Packet& Extension(uint8_t type, const Bytes& body);
  // Overrides the length byte of the extension header declared last.
  Packet& ExtensionLength(uint8_t length);

  // Transport layer: one, or none.
  Packet& Tcp(uint16_t source_port, uint16_t destination_port);
  Packet& Udp(uint16_t source_port, uint16_t destination_port);
  Packet& Icmp(uint8_t type = 8, uint8_t code = 0);  // ICMPv6 over IPv6

  // TCP fields; flags are ACK, numbers 0 and the window 65535 unless set.
  Packet& Flags(uint8_t flags) { return Set(&flags_, flags); }
  Packet& Seq(uint32_t seq) { return Set(&seq_, seq); }
  Packet& Ack(uint32_t ack) { return Set(&ack_, ack); }
  Packet& Window(uint16_t window) { return Set(&window_, window); }
  Packet& Mss(uint16_t mss);
  Packet& WindowScale(uint8_t shift);
  Packet& TcpOptions(const Bytes& options);  // appended raw; all are padded
  Packet& DataOffset(uint8_t words) { return Set(&data_offset_, words); }

  Packet& Payload(std::string_view text);
  Packet& Payload(const Bytes& bytes);
  // Zeros behind the IP packet until the frame has `size` bytes.
  Packet& Pad(size_t size) { return Set(&pad_, size); }

  Bytes Build() const;

 private:
  enum class Network { kNone, kIpv4, kIpv6 };
  enum class Transport { kNone, kTcp, kUdp, kIcmp };
  struct ExtensionHeader {
    uint8_t type;
    Bytes bytes;  // whole; next header byte still 0
  };

  template <typename Field, typename Value>
  Packet& Set(Field* field, Value value) {
    *field = value;
    return *this;
  }
  Packet& SetAddresses(int family, std::string_view source,
                       std::string_view destination);
  uint8_t TransportProtocol() const;
  Bytes PseudoHeader(size_t length) const;
  Bytes BuildTransport() const;
  Bytes BuildTcp() const;
  Bytes BuildUdp() const;
  Bytes BuildIcmp() const;
  Bytes BuildIpv4(const Bytes& payload) const;
  Bytes BuildIpv6(const Bytes& payload) const;

  Bytes macs_;
  std::vector<std::pair<uint16_t, uint16_t>> tags_;  // EtherType, control
  std::optional<uint16_t> ether_type_;

  Network network_ = Network::kNone;
  Bytes source_;
  Bytes destination_;
  uint8_t ttl_ = 64;
  uint16_t ipv4_fragment_ = 0x4000;  // don't fragment
  Bytes ip_options_;
  std::vector<ExtensionHeader> extensions_;
  std::optional<uint8_t> protocol_;
  std::optional<uint8_t> version_;
  std::optional<uint8_t> ihl_;
  std::optional<uint16_t> ip_length_;

  Transport transport_ = Transport::kNone;
  uint16_t source_port_ = 0;
  uint16_t destination_port_ = 0;
  uint8_t icmp_type_ = 0;
  uint8_t icmp_code_ = 0;
  uint8_t flags_ = 0x10;
  uint32_t seq_ = 0;
  uint32_t ack_ = 0;
  uint16_t window_ = 65535;
  Bytes tcp_options_;
  std::optional<uint8_t> data_offset_;

  Bytes payload_;
  size_t pad_ = 0;
};

}  // namespace mosd::testing
