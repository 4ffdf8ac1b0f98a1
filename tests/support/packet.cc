// Built from the inside out, so that each layer knows the length of what it
// carries. Byte order is made by shifts; nothing here shares code with the
// parser that is tested with it.
#include "tests/support/packet.h"

#include <arpa/inet.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace mosd::testing {
namespace {

[[noreturn]] void Fail(std::string_view what, std::string_view value) {
  std::fprintf(stderr, "Packet: bad %.*s \"%.*s\"\n",
               static_cast<int>(what.size()), what.data(),
               static_cast<int>(value.size()), value.data());
  std::abort();
}

void AppendMac(Bytes* out, std::string_view text) {
  std::array<unsigned, 6> m{};
  char rest;
  if (std::sscanf(std::string(text).c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%c", &m[0],
                  &m[1], &m[2], &m[3], &m[4], &m[5], &rest) != 6) {
    Fail("MAC address", text);
  }
  for (const unsigned byte : m) Put8(out, byte);
}

Bytes Address(int family, std::string_view text) {
  Bytes address(family == AF_INET ? 4 : 16);
  if (inet_pton(family, std::string(text).c_str(), address.data()) != 1) {
    Fail("IP address", text);
  }
  return address;
}

// Options of an extension header, with the Pad1 or PadN that they need to end
// on a multiple of 8 together with the two bytes before them.
Bytes PadOptions(Bytes options) {
  const size_t missing = (8 - (options.size() + 2) % 8) % 8;
  if (missing == 1) {
    Put8(&options, 0);
  } else if (missing > 1) {
    Put8(&options, 1);
    Put8(&options, static_cast<unsigned>(missing - 2));
    options.resize(options.size() + missing - 2);
  }
  return options;
}

}  // namespace

Packet& Packet::Eth(std::string_view source, std::string_view destination) {
  macs_.clear();
  AppendMac(&macs_, destination);
  AppendMac(&macs_, source);
  return *this;
}

Packet& Packet::Vlan(uint16_t control, uint16_t ether_type) {
  tags_.emplace_back(ether_type, control);
  return *this;
}

Packet& Packet::SetAddresses(int family, std::string_view source,
                             std::string_view destination) {
  network_ = family == AF_INET ? Network::kIpv4 : Network::kIpv6;
  source_ = Address(family, source);
  destination_ = Address(family, destination);
  return *this;
}

Packet& Packet::Ipv4(std::string_view source, std::string_view destination) {
  return SetAddresses(AF_INET, source, destination);
}

Packet& Packet::Ipv6(std::string_view source, std::string_view destination) {
  return SetAddresses(AF_INET6, source, destination);
}

Packet& Packet::IpOptions(const Bytes& options) {
  ip_options_ = options;
  PadTo(&ip_options_, 4);
  return *this;
}

Packet& Packet::Fragment(uint16_t offset_units, bool more) {
  if (network_ == Network::kIpv6) {
    const auto field =
        static_cast<uint16_t>(offset_units << 3 | (more ? 1 : 0));
    Bytes body;
    Put16(&body, field);
    Put32(&body, 0x12345678);
    return Extension(44, body).ExtensionLength(0);
  }
  ipv4_fragment_ =
      static_cast<uint16_t>((more ? 0x2000 : 0) | (offset_units & 0x1fff));
  return *this;
}

Packet& Packet::HopByHop(const Bytes& options) {
  return Extension(0, PadOptions(options));
}

Packet& Packet::DestinationOptions(const Bytes& options) {
  return Extension(60, PadOptions(options));
}

Packet& Packet::Routing(const Bytes& body) { return Extension(43, body); }

// SPI, sequence number and a value of 12 bytes; the length counts words of 4
// less 2.
Packet& Packet::Authentication() {
  return Extension(51, Bytes(22, 0xa5)).ExtensionLength(24 / 4 - 2);
}

Packet& Packet::Extension(uint8_t type, const Bytes& body) {
  ExtensionHeader header{type, Bytes(2)};
  Append(&header.bytes, body);
  PadTo(&header.bytes, 8);
  header.bytes[1] = static_cast<uint8_t>(header.bytes.size() / 8 - 1);
  extensions_.push_back(std::move(header));
  return *this;
}

Packet& Packet::ExtensionLength(uint8_t length) {
  if (extensions_.empty()) Fail("ExtensionLength", "without extension header");
  extensions_.back().bytes[1] = length;
  return *this;
}

Packet& Packet::Tcp(uint16_t source_port, uint16_t destination_port) {
  transport_ = Transport::kTcp;
  source_port_ = source_port;
  destination_port_ = destination_port;
  return *this;
}

Packet& Packet::Udp(uint16_t source_port, uint16_t destination_port) {
  transport_ = Transport::kUdp;
  source_port_ = source_port;
  destination_port_ = destination_port;
  return *this;
}

Packet& Packet::Icmp(uint8_t type, uint8_t code) {
  transport_ = Transport::kIcmp;
  icmp_type_ = type;
  icmp_code_ = code;
  return *this;
}

Packet& Packet::Mss(uint16_t mss) {
  Put16(&tcp_options_, 0x0204);
  Put16(&tcp_options_, mss);
  return *this;
}

Packet& Packet::WindowScale(uint8_t shift) {
  Put16(&tcp_options_, 0x0103);  // a no-operation first: four bytes in all
  Put8(&tcp_options_, 3);
  Put8(&tcp_options_, shift);
  return *this;
}

Packet& Packet::TcpOptions(const Bytes& options) {
  Append(&tcp_options_, options);
  return *this;
}

Packet& Packet::Payload(std::string_view text) {
  payload_.assign(text.begin(), text.end());
  return *this;
}

Packet& Packet::Payload(const Bytes& bytes) {
  payload_ = bytes;
  return *this;
}

uint8_t Packet::TransportProtocol() const {
  if (protocol_.has_value()) return *protocol_;
  switch (transport_) {
    case Transport::kTcp:
      return 6;
    case Transport::kUdp:
      return 17;
    case Transport::kIcmp:
      return network_ == Network::kIpv6 ? 58 : 1;
    case Transport::kNone:
      break;
  }
  return network_ == Network::kIpv6 ? 59 : 253;  // 253: for experiments
}

// RFC 9293 section 3.1 and RFC 8200 section 8.1: their sums are the same.
Bytes Packet::PseudoHeader(size_t length) const {
  Bytes header = source_;
  Append(&header, destination_);
  Put32(&header, static_cast<uint32_t>(length));
  Put32(&header, TransportProtocol());
  return header;
}

Bytes Packet::BuildTcp() const {
  Bytes options = tcp_options_;
  PadTo(&options, 4);
  const auto words = static_cast<uint8_t>(5 + options.size() / 4);
  Bytes segment;
  Put16(&segment, source_port_);
  Put16(&segment, destination_port_);
  Put32(&segment, seq_);
  Put32(&segment, ack_);
  Put8(&segment, data_offset_.value_or(words) * 16u);
  Put8(&segment, flags_);
  Put16(&segment, window_);
  Put16(&segment, 0);  // checksum
  Put16(&segment, 0);  // urgent pointer
  Append(&segment, options);
  Append(&segment, payload_);
  Bytes summed = PseudoHeader(segment.size());
  Append(&summed, segment);
  Set16(&segment, 16, InternetChecksum(summed));
  return segment;
}

Bytes Packet::BuildUdp() const {
  Bytes datagram;
  Put16(&datagram, source_port_);
  Put16(&datagram, destination_port_);
  Put16(&datagram, static_cast<unsigned>(8 + payload_.size()));
  Put16(&datagram, 0);  // checksum
  Append(&datagram, payload_);
  Bytes summed = PseudoHeader(datagram.size());
  Append(&summed, datagram);
  const uint16_t sum = InternetChecksum(summed);
  Set16(&datagram, 6, sum == 0 ? 0xffff : sum);
  return datagram;
}

Bytes Packet::BuildIcmp() const {
  Bytes message;
  Put8(&message, icmp_type_);
  Put8(&message, icmp_code_);
  Put16(&message, 0);  // checksum
  Put32(&message, 0);
  Append(&message, payload_);
  Bytes summed;
  if (network_ == Network::kIpv6) summed = PseudoHeader(message.size());
  Append(&summed, message);
  Set16(&message, 2, InternetChecksum(summed));
  return message;
}

Bytes Packet::BuildTransport() const {
  switch (transport_) {
    case Transport::kTcp:
      return BuildTcp();
    case Transport::kUdp:
      return BuildUdp();
    case Transport::kIcmp:
      return BuildIcmp();
    case Transport::kNone:
      break;
  }
  return payload_;
}

Bytes Packet::BuildIpv4(const Bytes& payload) const {
  const size_t header_bytes = 20 + ip_options_.size();
  Bytes packet;
  Put8(&packet, static_cast<unsigned>(version_.value_or(4)) << 4 |
                    ihl_.value_or(static_cast<uint8_t>(header_bytes / 4)));
  Put8(&packet, 0);
  Put16(&packet, ip_length_.value_or(
                     static_cast<uint16_t>(header_bytes + payload.size())));
  Put16(&packet, 0x1234);  // identification
  Put16(&packet, ipv4_fragment_);
  Put8(&packet, ttl_);
  Put8(&packet, TransportProtocol());
  Put16(&packet, 0);  // checksum
  Append(&packet, source_);
  Append(&packet, destination_);
  Append(&packet, ip_options_);
  Set16(&packet, 10, InternetChecksum(packet));
  Append(&packet, payload);
  return packet;
}

Bytes Packet::BuildIpv6(const Bytes& payload) const {
  Bytes chain;
  for (size_t i = 0; i < extensions_.size(); ++i) {
    Bytes header = extensions_[i].bytes;
    header[0] = i + 1 < extensions_.size() ? extensions_[i + 1].type
                                           : TransportProtocol();
    Append(&chain, header);
  }
  Append(&chain, payload);
  Bytes packet;
  Put32(&packet, uint32_t{version_.value_or(6)} << 28);
  Put16(&packet, ip_length_.value_or(static_cast<uint16_t>(chain.size())));
  Put8(&packet,
       extensions_.empty() ? TransportProtocol() : extensions_.front().type);
  Put8(&packet, ttl_);
  Append(&packet, source_);
  Append(&packet, destination_);
  Append(&packet, chain);
  return packet;
}

Bytes Packet::Build() const {
  const Bytes payload = BuildTransport();
  Bytes frame = macs_;
  for (const auto& [ether_type, control] : tags_) {
    Put16(&frame, ether_type);
    Put16(&frame, control);
  }
  switch (network_) {
    case Network::kNone:
      Put16(&frame, ether_type_.value_or(0x88b5));  // for experiments
      Append(&frame, payload);
      break;
    case Network::kIpv4:
      Put16(&frame, ether_type_.value_or(0x0800));
      Append(&frame, BuildIpv4(payload));
      break;
    case Network::kIpv6:
      Put16(&frame, ether_type_.value_or(0x86dd));
      Append(&frame, BuildIpv6(payload));
      break;
  }
  if (frame.size() < pad_) frame.resize(pad_);
  return frame;
}

}  // namespace mosd::testing
