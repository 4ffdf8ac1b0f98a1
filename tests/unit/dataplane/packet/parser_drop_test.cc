// Frames that ParseFrame refuses: each reason, each lie in a length field, and
// every length at which a frame can end.
#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>
#include <vector>

#include "dataplane/packet/parser.h"
#include "tests/support/packet.h"

namespace mosd::dataplane {

// How gtest shows a reason.
static void PrintTo(DropReason reason, std::ostream* out) {
  *out << DropReasonName(reason);
}

namespace {

using testing::Bytes;
using testing::Packet;

// The bytes in an allocation of their size: a sanitizer sees a read beyond.
DropReason Parse(const Bytes& frame, size_t wire_bytes) {
  const Bytes exact(frame.begin(), frame.end());
  ParsedFrame parsed;
  return ParseFrame(exact,
                    FrameLength{static_cast<uint32_t>(frame.size()),
                                static_cast<uint32_t>(wire_bytes)},
                    &parsed);
}

Packet Ipv4() { return Packet().Eth().Ipv4("10.0.0.1", "10.0.0.2"); }
Packet Ipv4Tcp() { return Ipv4().Tcp(1234, 80); }
Packet Ipv6() { return Packet().Eth().Ipv6("fd00::1", "fd00::2"); }
Packet Ipv6Tcp() { return Ipv6().Tcp(1234, 80); }

struct Case {
  const char* name;
  Packet packet;
  DropReason reason;
};

void ExpectReasons(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Bytes frame = c.packet.Build();
    EXPECT_EQ(Parse(frame, frame.size()), c.reason) << c.name;
  }
}

TEST(ParserDropTest, Ethernet) {
  ExpectReasons({
      {"experimental", Packet(), DropReason::kNotIp},
      {"ARP", Ipv4Tcp().EtherType(0x0806), DropReason::kNotIp},
      {"MPLS", Ipv4Tcp().EtherType(0x8847), DropReason::kNotIp},
      {"802.3 length", Ipv4Tcp().EtherType(46), DropReason::kNotIp},
      {"tagged ARP", Packet().Vlan(1).EtherType(0x0806), DropReason::kNotIp},
      {"three tags", Ipv4Tcp().Vlan(1, 0x88a8).Vlan(2).Vlan(3),
       DropReason::kVlanMalformed},
      {"a third tag announced at the end",
       Packet().Vlan(1, 0x9100).Vlan(2).EtherType(0x8100),
       DropReason::kVlanMalformed},
  });
}

TEST(ParserDropTest, Ipv4) {
  ExpectReasons({
      {"IPv6 within", Ipv4Tcp().IpVersion(6), DropReason::kIpv4Malformed},
      {"version 0", Ipv4Tcp().IpVersion(0), DropReason::kIpv4Malformed},
      {"header of 0", Ipv4Tcp().Ihl(0), DropReason::kIpv4Malformed},
      {"header of 16", Ipv4Tcp().Ihl(4), DropReason::kIpv4Malformed},
      {"header beyond total", Ipv4Tcp().Ihl(15).Pad(100),
       DropReason::kIpv4Malformed},
      {"total within header", Ipv4Tcp().IpTotalLength(19).Pad(60),
       DropReason::kIpv4Malformed},
      {"total of 1", Ipv4Tcp().IpTotalLength(1), DropReason::kIpv4Malformed},
      {"total beyond the frame", Ipv4Tcp().IpTotalLength(41),
       DropReason::kIpv4Malformed},
      {"total of 65535", Ipv4Tcp().IpTotalLength(65535).Pad(60),
       DropReason::kIpv4Malformed},
      {"options beyond the frame", Ipv4Tcp().IpTotalLength(0).Ihl(15),
       DropReason::kIpv4Truncated},
      {"first fragment", Ipv4Tcp().Fragment(0, true),
       DropReason::kIpv4Fragment},
      {"middle fragment", Ipv4Tcp().Fragment(1, true),
       DropReason::kIpv4Fragment},
      {"last fragment", Ipv4Tcp().Fragment(0x1fff, false),
       DropReason::kIpv4Fragment},
      {"fragment of UDP", Ipv4().Udp(1, 2).Fragment(0, true),
       DropReason::kIpv4Fragment},
  });
}

TEST(ParserDropTest, Ipv6) {
  ExpectReasons({
      {"IPv4 within", Ipv6Tcp().IpVersion(4), DropReason::kIpv6Malformed},
      {"payload beyond the frame", Ipv6Tcp().Ipv6PayloadLength(21),
       DropReason::kIpv6Malformed},
      {"payload of 65535", Ipv6Tcp().Ipv6PayloadLength(65535),
       DropReason::kIpv6Malformed},
      {"payload within an extension's 8 bytes",
       Ipv6Tcp().HopByHop().Ipv6PayloadLength(7), DropReason::kIpv6Malformed},
      {"payload within an extension",
       Ipv6Tcp().HopByHop(Bytes(14)).Ipv6PayloadLength(15),
       DropReason::kIpv6Malformed},
      {"extension beyond the payload", Ipv6Tcp().Routing().ExtensionLength(255),
       DropReason::kIpv6Malformed},
      {"hop-by-hop second", Ipv6Tcp().DestinationOptions().HopByHop(),
       DropReason::kIpv6Malformed},
      {"jumbogram",
       Ipv6Tcp().HopByHop({0xc2, 4, 0, 1, 0, 0}).Ipv6PayloadLength(0),
       DropReason::kIpv6Malformed},
      {"jumbogram behind padding",
       Ipv6Tcp().HopByHop({0, 1, 2, 0, 0, 5, 0, 0xc2, 4, 0, 1, 0, 0}),
       DropReason::kIpv6Malformed},
      {"what looks like a jumbogram within an option",
       Ipv6Tcp().HopByHop({5, 2, 0, 0xc2}), DropReason::kNone},
      {"first fragment", Ipv6Tcp().Fragment(0, true),
       DropReason::kIpv6Fragment},
      {"last fragment", Ipv6Tcp().Fragment(0x1fff, false),
       DropReason::kIpv6Fragment},
      {"fragment behind others",
       Ipv6Tcp().HopByHop().Routing().Fragment(9, true),
       DropReason::kIpv6Fragment},
  });
}

TEST(ParserDropTest, Ipv6ChainThatIsTooLong) {
  Packet eight = Ipv6Tcp();
  for (int i = 0; i < 8; ++i) eight.DestinationOptions();
  ExpectReasons({
      {"8 headers", eight, DropReason::kNone},
      {"9 headers", Packet(eight).DestinationOptions(),
       DropReason::kIpv6Extension},
      {"up to byte 450", Ipv6Tcp().Vlan(1).DestinationOptions(Bytes(390)),
       DropReason::kNone},
      {"up to byte 454",
       Ipv6Tcp().Vlan(1).Vlan(2).DestinationOptions(Bytes(390)),
       DropReason::kIpv6Extension},
      {"header of 2048", Ipv6Tcp().DestinationOptions(Bytes(2046)),
       DropReason::kIpv6Extension},
      {"beyond a frame without payload length",
       Ipv6Tcp().Routing().ExtensionLength(9).Ipv6PayloadLength(0),
       DropReason::kIpv6Extension},
  });
}

TEST(ParserDropTest, OtherTransports) {
  ExpectReasons({
      {"UDP", Ipv4().Udp(53, 53), DropReason::kUdp},
      {"ICMP", Ipv4().Icmp(), DropReason::kIcmp},
      {"GRE", Ipv4().Protocol(47), DropReason::kOtherProtocol},
      {"AH is no extension of IPv4", Ipv4Tcp().Protocol(51),
       DropReason::kOtherProtocol},
      {"hop-by-hop neither", Ipv4Tcp().Protocol(0), DropReason::kOtherProtocol},
      {"UDP over IPv6", Ipv6().HopByHop().Udp(53, 53), DropReason::kUdp},
      {"ICMPv6", Ipv6().Icmp(), DropReason::kIcmp},
      {"no next header", Ipv6(), DropReason::kOtherProtocol},
      {"ESP", Ipv6Tcp().Protocol(50), DropReason::kOtherProtocol},
      {"ESP behind others", Ipv6Tcp().Routing().Protocol(50),
       DropReason::kOtherProtocol},
  });
}

TEST(ParserDropTest, Tcp) {
  for (const Packet& tcp : {Ipv4Tcp(), Ipv6Tcp()}) {
    ExpectReasons({
        {"header of 0", Packet(tcp).DataOffset(0), DropReason::kTcpMalformed},
        {"header of 16", Packet(tcp).DataOffset(4), DropReason::kTcpMalformed},
        {"header beyond the packet", Packet(tcp).DataOffset(6),
         DropReason::kTcpMalformed},
        {"header into the padding", Packet(tcp).DataOffset(15).Pad(200),
         DropReason::kTcpMalformed},
    });
  }
  ExpectReasons({
      {"IPv4 packet of 19 bytes of TCP", Ipv4Tcp().IpTotalLength(39),
       DropReason::kTcpMalformed},
      {"IPv4 packet without TCP", Ipv4Tcp().IpTotalLength(20),
       DropReason::kTcpMalformed},
      {"IPv6 packet of 19 bytes of TCP", Ipv6Tcp().Ipv6PayloadLength(19),
       DropReason::kTcpMalformed},
      {"IPv6 packet of an extension alone",
       Ipv6Tcp().Routing().Ipv6PayloadLength(8), DropReason::kTcpMalformed},
      {"header beyond a frame without total length",
       Ipv4Tcp().IpTotalLength(0).DataOffset(6), DropReason::kTcpTruncated},
      {"header beyond a frame without payload length",
       Ipv6Tcp().Ipv6PayloadLength(0).DataOffset(6), DropReason::kTcpTruncated},
  });
}

// A frame and where its headers end.
struct Layers {
  Packet packet;
  size_t ip;          // offset
  size_t ip_fixed;    // end of the 20 or 40 bytes
  size_t ip_headers;  // end of options or extension headers
  size_t tcp;         // end of the TCP header
  bool v6;
  bool length_stated;
};

std::vector<Layers> WholeFrames() {
  const Bytes tcp_options = {1, 1, 1, 1, 1, 3, 3, 7};
  Packet v4 = Ipv4().Tcp(1, 2).Flags(kTcpSyn).TcpOptions(tcp_options);
  Packet v6 = Ipv6().Tcp(1, 2).Flags(kTcpSyn).TcpOptions(tcp_options);
  v4.Payload("payload");
  v6.Payload("payload");
  Packet chain = v6;
  chain.HopByHop().Routing(Bytes(14)).Fragment(0, false);
  return {
      {v4, 14, 34, 34, 62, false, true},
      {Packet(v4).Vlan(1), 18, 38, 38, 66, false, true},
      {Packet(v4).Vlan(1).Vlan(2), 22, 42, 42, 70, false, true},
      {Packet(v4).IpOptions(Bytes(12, 1)), 14, 34, 46, 74, false, true},
      {Packet(v4).IpTotalLength(0), 14, 34, 34, 62, false, false},
      {v6, 14, 54, 54, 82, true, true},
      {Packet(v6).Vlan(1).Vlan(2), 22, 62, 62, 90, true, true},
      {chain, 14, 54, 86, 114, true, true},
      {Packet(chain).Ipv6PayloadLength(0), 14, 54, 86, 114, true, false},
  };
}

DropReason ReasonWhenCapturedUpTo(const Layers& layers, size_t size) {
  if (size < 14) return DropReason::kEthernetTruncated;
  if (size < layers.ip) return DropReason::kVlanMalformed;
  if (size < layers.ip_fixed) {
    return layers.v6 ? DropReason::kIpv6Truncated : DropReason::kIpv4Truncated;
  }
  if (size < layers.ip_headers) {
    return layers.v6 ? DropReason::kIpv6Extension : DropReason::kIpv4Truncated;
  }
  return size < layers.tcp ? DropReason::kTcpTruncated : DropReason::kNone;
}

TEST(ParserDropTest, CaptureThatEndsAnywhere) {
  for (const Layers& layers : WholeFrames()) {
    const Bytes frame = layers.packet.Build();
    for (size_t size = 0; size <= frame.size(); ++size) {
      const Bytes captured(frame.begin(),
                           frame.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_EQ(Parse(captured, frame.size()),
                ReasonWhenCapturedUpTo(layers, size))
          << ::testing::PrintToString(frame) << " at " << size;
    }
  }
}

// Here the IP length, where there is one, goes beyond the frame.
TEST(ParserDropTest, FrameThatEndsAnywhere) {
  for (const Layers& layers : WholeFrames()) {
    const Bytes frame = layers.packet.Build();
    for (size_t size = 0; size <= frame.size(); ++size) {
      DropReason want = ReasonWhenCapturedUpTo(layers, size);
      if (layers.length_stated && size >= layers.ip_fixed &&
          size < frame.size()) {
        want =
            layers.v6 ? DropReason::kIpv6Malformed : DropReason::kIpv4Malformed;
      }
      const Bytes shorter(frame.begin(),
                          frame.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_EQ(Parse(shorter, size), want)
          << ::testing::PrintToString(frame) << " at " << size;
    }
  }
}

}  // namespace
}  // namespace mosd::dataplane
