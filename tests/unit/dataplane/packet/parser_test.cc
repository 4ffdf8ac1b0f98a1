// What ParseFrame reads from whole frames, one field or layer a test. Frames
// that it refuses are in parser_drop_test.cc.
#include "dataplane/packet/parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/support/packet.h"

namespace mosd::dataplane {
namespace {

using testing::Bytes;
using testing::Packet;

DropReason Parse(const Bytes& frame, uint32_t wire_bytes, ParsedFrame* parsed) {
  const auto captured = static_cast<uint32_t>(frame.size());
  return ParseFrame(frame, FrameLength{captured, wire_bytes}, parsed);
}

ParsedFrame ParseWhole(const Packet& packet) {
  const Bytes frame = packet.Build();
  ParsedFrame parsed{};
  EXPECT_EQ(Parse(frame, static_cast<uint32_t>(frame.size()), &parsed),
            DropReason::kNone);
  return parsed;
}

Packet Ipv4Tcp() {
  return Packet().Eth().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1234, 80);
}

Packet Ipv6() { return Packet().Eth().Ipv6("fd00::1", "fd00::2"); }

Endpoint MakeEndpoint(std::initializer_list<uint8_t> address, uint16_t port) {
  Endpoint endpoint{};
  std::copy(address.begin(), address.end(), endpoint.address.begin());
  endpoint.port = port;
  return endpoint;
}

TEST(ParserTest, ReadsEveryFieldOfAnIpv4Segment) {
  const ParsedFrame parsed = ParseWhole(Ipv4Tcp()
                                            .Flags(kTcpAck | kTcpPsh)
                                            .Seq(0x01020304)
                                            .Ack(0xfffefdfc)
                                            .Window(0xabcd)
                                            .Payload("hello"));
  EXPECT_EQ(parsed.key.version, IpVersion::kIpv4);
  EXPECT_EQ(parsed.key.endpoint(parsed.source_index),
            MakeEndpoint({10, 0, 0, 1}, 1234));
  EXPECT_EQ(parsed.key.endpoint(1u - parsed.source_index),
            MakeEndpoint({10, 0, 0, 2}, 80));
  EXPECT_EQ(parsed.tcp_flags, kTcpAck | kTcpPsh);
  EXPECT_EQ(parsed.window_scale, kNoWindowScale);
  EXPECT_EQ(parsed.ip_offset, 14);
  EXPECT_EQ(parsed.tcp_offset, 34);
  EXPECT_EQ(parsed.payload_offset, 54);
  EXPECT_EQ(parsed.window, 0xabcd);
  EXPECT_EQ(parsed.ip_length, 45u);
  EXPECT_EQ(parsed.payload_length, 5u);
  EXPECT_EQ(parsed.seq, 0x01020304u);
  EXPECT_EQ(parsed.ack, 0xfffefdfcu);
}

TEST(ParserTest, ReadsAnIpv6Segment) {
  const ParsedFrame parsed =
      ParseWhole(Ipv6().Tcp(40000, 443).Seq(7).Payload("hello"));
  EXPECT_EQ(parsed.key.version, IpVersion::kIpv6);
  EXPECT_EQ(
      parsed.key.endpoint(parsed.source_index),
      MakeEndpoint({0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 40000));
  EXPECT_EQ(parsed.ip_offset, 14);
  EXPECT_EQ(parsed.tcp_offset, 54);
  EXPECT_EQ(parsed.payload_offset, 74);
  EXPECT_EQ(parsed.ip_length, 65u);
  EXPECT_EQ(parsed.payload_length, 5u);
  EXPECT_EQ(parsed.seq, 7u);
}

// The parser makes its key without MakeFlowKey; whoever looks a flow up by its
// endpoints uses that.
TEST(ParserTest, KeyIsThatOfMakeFlowKeyInBothDirections) {
  const struct {
    const char* a;
    uint16_t a_port;
    const char* b;
    uint16_t b_port;
  } pairs[] = {
      {"10.0.0.1", 1, "10.0.0.2", 2},   {"1.0.0.255", 9, "255.0.0.1", 8},
      {"10.0.0.1", 80, "10.0.0.1", 81}, {"10.0.0.1", 80, "10.0.0.1", 80},
      {"0.0.0.0", 0, "0.0.0.1", 0},     {"127.0.0.1", 5, "128.0.0.1", 4},
  };
  for (const bool v6 : {false, true}) {
    for (const auto& pair : pairs) {
      const auto parse = [v6](std::string_view source, uint16_t source_port,
                              std::string_view destination,
                              uint16_t destination_port) {
        const std::string prefix = "fe80::1:";
        Packet packet;
        if (v6) {
          packet.Ipv6(prefix + std::string(source),
                      prefix + std::string(destination));
        } else {
          packet.Ipv4(source, destination);
        }
        return ParseWhole(packet.Tcp(source_port, destination_port));
      };
      const ParsedFrame there = parse(pair.a, pair.a_port, pair.b, pair.b_port);
      const ParsedFrame back = parse(pair.b, pair.b_port, pair.a, pair.a_port);
      EXPECT_EQ(there.key, back.key);
      size_t source_index;
      const FlowKey key = MakeFlowKey(
          there.key.version, there.key.endpoint(there.source_index),
          there.key.endpoint(1u - there.source_index), &source_index);
      EXPECT_EQ(key, there.key);
      EXPECT_EQ(source_index, there.source_index);
      EXPECT_EQ(there.key.endpoint(there.source_index).port, pair.a_port);
    }
  }
}

TEST(ParserTest, OldContentsOfTheResultDoNotShowThrough) {
  const Bytes frame = Ipv4Tcp().Build();
  ParsedFrame clean{};
  ParsedFrame dirty;
  std::memset(static_cast<void*>(&dirty), 0xff, sizeof(dirty));
  ASSERT_EQ(Parse(frame, 54, &clean), DropReason::kNone);
  ASSERT_EQ(Parse(frame, 54, &dirty), DropReason::kNone);
  EXPECT_EQ(clean.key, dirty.key);
}

TEST(ParserTest, StepsOverOneAndTwoVlanTags) {
  constexpr uint16_t kTagTypes[] = {0x8100, 0x88a8, 0x9100};
  for (const uint16_t outer : kTagTypes) {
    EXPECT_EQ(ParseWhole(Ipv4Tcp().Vlan(5, outer)).ip_offset, 18);
    EXPECT_EQ(ParseWhole(Ipv4Tcp().Vlan(5, outer).Vlan(6)).ip_offset, 22);
    EXPECT_EQ(ParseWhole(Ipv6().Vlan(5, outer).Tcp(1, 2)).tcp_offset, 58);
  }
}

TEST(ParserTest, VlanTagsAreNotPartOfTheKey) {
  EXPECT_EQ(ParseWhole(Ipv4Tcp()).key, ParseWhole(Ipv4Tcp().Vlan(5)).key);
}

TEST(ParserTest, StepsOverIpv4Options) {
  const ParsedFrame parsed =
      ParseWhole(Ipv4Tcp().IpOptions(Bytes(40, 1)).Payload("x"));
  EXPECT_EQ(parsed.tcp_offset, 14 + 60);
  EXPECT_EQ(parsed.payload_length, 1u);
}

TEST(ParserTest, PaddingIsNotPayload) {
  EXPECT_EQ(ParseWhole(Ipv4Tcp().Pad(60)).payload_length, 0u);
  EXPECT_EQ(ParseWhole(Ipv4Tcp().Payload("ab").Pad(60)).payload_length, 2u);
  EXPECT_EQ(ParseWhole(Ipv6().Tcp(1, 2).Payload("ab").Pad(100)).payload_length,
            2u);
}

TEST(ParserTest, LengthZeroReachesToTheEndOfTheFrame) {
  const std::string payload(3000, 'x');
  const ParsedFrame v4 =
      ParseWhole(Ipv4Tcp().IpTotalLength(0).Payload(payload));
  EXPECT_EQ(v4.ip_length, 3040u);
  EXPECT_EQ(v4.payload_length, 3000u);
  const ParsedFrame v6 =
      ParseWhole(Ipv6().Ipv6PayloadLength(0).Tcp(1, 2).Payload(payload));
  EXPECT_EQ(v6.ip_length, 3060u);
  EXPECT_EQ(v6.payload_length, 3000u);
}

TEST(ParserTest, LengthZeroReachesBeyondWhatWasCaptured) {
  ParsedFrame parsed;
  ASSERT_EQ(Parse(Ipv4Tcp().IpTotalLength(0).Build(), 200'000, &parsed),
            DropReason::kNone);
  EXPECT_EQ(parsed.payload_length, 200'000u - 54);
}

TEST(ParserTest, SnappedPayloadKeepsItsLength) {
  Bytes frame = Ipv4Tcp().Payload(std::string(1000, 'x')).Build();
  const auto wire_bytes = static_cast<uint32_t>(frame.size());
  frame.resize(54);
  ParsedFrame parsed;
  ASSERT_EQ(Parse(frame, wire_bytes, &parsed), DropReason::kNone);
  EXPECT_EQ(parsed.payload_length, 1000u);
}

// A capture file may claim less for the wire than it holds.
TEST(ParserTest, WireLengthBelowCapturedLengthIsRaised) {
  ParsedFrame parsed;
  for (const uint32_t wire_bytes : {0u, 13u, 53u}) {
    ASSERT_EQ(Parse(Ipv4Tcp().Build(), wire_bytes, &parsed), DropReason::kNone);
    EXPECT_EQ(parsed.payload_length, 0u);
  }
}

TEST(ParserTest, StepsOverEveryKindOfExtensionHeader) {
  const ParsedFrame parsed = ParseWhole(Ipv6()
                                            .HopByHop({5, 2, 0, 0})
                                            .DestinationOptions(Bytes(14, 0))
                                            .Routing(Bytes(22, 0))
                                            .Fragment(0, false)
                                            .Extension(135, Bytes(6))
                                            .Extension(139, Bytes(6))
                                            .Extension(140, Bytes(6))
                                            .Authentication()
                                            .Tcp(1, 2)
                                            .Payload("hi"));
  EXPECT_EQ(parsed.tcp_offset, 54 + 8 + 16 + 24 + 8 + 8 + 8 + 8 + 24);
  EXPECT_EQ(parsed.payload_length, 2u);
}

TEST(ParserTest, LongestChainLeavesRoomForTheLongestTcpHeader) {
  // 22 bytes of Ethernet and tags, 40 of IPv6, 384 of extensions: the next
  // multiple of 8 would end beyond kMaxHeaderBytes - 60.
  const ParsedFrame parsed = ParseWhole(Ipv6()
                                            .Vlan(1)
                                            .Vlan(2)
                                            .DestinationOptions(Bytes(382, 0))
                                            .Tcp(1, 2)
                                            .TcpOptions(Bytes(40, 1)));
  EXPECT_EQ(parsed.payload_offset, 22 + 40 + 384 + 60);
}

TEST(ParserTest, WindowScale) {
  const struct {
    Bytes options;
    uint8_t scale;
  } cases[] = {
      {{}, kNoWindowScale},
      {{3, 3, 0}, 0},
      {{3, 3, 14}, 14},
      {{3, 3, 15}, 14},
      {{3, 3, 255}, 14},
      {{2, 4, 5, 180, 1, 3, 3, 7}, 7},
      {{1, 1, 1, 1, 1, 3, 3, 9}, 9},
      {{3, 3, 4, 3, 3, 5}, 5},            // the last one counts
      {{0, 3, 3, 7}, kNoWindowScale},     // behind the end
      {{3, 4, 7, 7}, kNoWindowScale},     // of a wrong length
      {{5, 0, 3, 3, 7}, kNoWindowScale},  // behind a length that leads nowhere
      {{5, 1, 3, 3, 7}, kNoWindowScale},
      {{8, 200, 3, 3, 7}, kNoWindowScale},  // or beyond the header
      {{3, 3, 4, 9, 99, 1, 1, 1}, 4},
      {{1, 1, 3, 3}, kNoWindowScale},  // cut off by the header's end
      {{1, 1, 1, 3}, kNoWindowScale},
      {{1, 1, 1, 2}, kNoWindowScale},
  };
  for (const auto& [options, scale] : cases) {
    SCOPED_TRACE(::testing::PrintToString(options));
    Packet packet = Ipv4Tcp().TcpOptions(options).Payload("\x3\x3\x7");
    EXPECT_EQ(ParseWhole(packet.Flags(kTcpSyn)).window_scale, scale);
    EXPECT_EQ(ParseWhole(packet.Flags(kTcpSyn | kTcpAck)).window_scale, scale);
    EXPECT_EQ(ParseWhole(packet.Flags(kTcpAck)).window_scale, kNoWindowScale);
  }
}

TEST(ParserTest, PortZeroAndAnyFlagsAreAccepted) {
  for (int flags = 0; flags < 256; ++flags) {
    const auto bits = static_cast<uint8_t>(flags);
    EXPECT_EQ(ParseWhole(Ipv4Tcp().Tcp(0, 0).Flags(bits)).tcp_flags, bits);
  }
}

}  // namespace
}  // namespace mosd::dataplane
