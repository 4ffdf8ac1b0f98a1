// Resets are read by the parser, and summed by the slow reference.
#include "api/packet/reset_packet.h"

#include <algorithm>

#include "tests/unit/api/packet/edited_frame.h"

namespace mosd::testing {
namespace {

using dataplane::DropReason;
using dataplane::ParsedFrame;

constexpr uint32_t kSeq = 0xfffffff0;
constexpr uint32_t kAck = 0x01020304;

ParsedFrame Parse(const Bytes& bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  ParsedFrame parsed{};
  EXPECT_EQ(dataplane::ParseFrame(bytes, {size, size}, &parsed),
            DropReason::kNone);
  return parsed;
}

Bytes Reset(const Bytes& from, bool to_sender,
            std::optional<uint32_t> ack = kAck) {
  Bytes out(200, 0xee);
  const size_t size =
      api::BuildReset(from, Parse(from), to_sender, kSeq, ack, out);
  EXPECT_LE(size, api::kMaxResetBytes);
  EXPECT_TRUE(std::all_of(out.begin() + static_cast<ptrdiff_t>(size), out.end(),
                          [](uint8_t byte) { return byte == 0xee; }));
  out.resize(size);
  return out;
}

Bytes Mac(const Bytes& frame, bool source) {
  return Slice(frame, source ? 6 : 0, 6);
}

std::vector<Bytes> LastFrames() {
  const auto ipv4 = [] {
    return Packet().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1234, 80);
  };
  const auto ipv6 = [] {
    return Packet().Ipv6("fd00::1", "fd00::2").Tcp(443, 40000);
  };
  return {ipv4().Payload("hello").Build(),
          ipv4().Pad(60).Build(),
          ipv4().IpOptions({1, 1, 1, 0}).WindowScale(7).Flags(2).Build(),
          ipv4().Vlan(0x6005).Build(),
          ipv4().Vlan(0x6005, 0x88a8).Vlan(7).Payload("hello").Build(),
          ipv6().Payload("hello").Build(),
          ipv6().HopByHop().DestinationOptions().Build(),
          ipv6().Vlan(5, 0x88a8).Vlan(6).Build()};
}

TEST(ResetPacketTest, IsAValidResetToEitherEnd) {
  for (const Bytes& last : LastFrames()) {
    const ParsedFrame from = Parse(last);
    for (const bool to_sender : {false, true}) {
      const Bytes reset = Reset(last, to_sender);
      const ParsedFrame parsed = Parse(reset);
      EXPECT_EQ(parsed.key, from.key);
      EXPECT_EQ(parsed.source_index,
                to_sender ? 1 - from.source_index : from.source_index);
      EXPECT_EQ(Mac(reset, true), Mac(last, !to_sender));
      EXPECT_EQ(Mac(reset, false), Mac(last, to_sender));
      EXPECT_EQ(Slice(reset, 12, from.ip_offset - 12u),
                Slice(last, 12, from.ip_offset - 12u));
      EXPECT_EQ(parsed.tcp_flags, dataplane::kTcpRst | dataplane::kTcpAck);
      EXPECT_EQ(parsed.seq, kSeq);
      EXPECT_EQ(parsed.ack, kAck);
      EXPECT_EQ(parsed.payload_length, 0u);
      EXPECT_EQ(parsed.payload_offset - parsed.tcp_offset, 20);
      EXPECT_GE(reset.size(), 60u);
      if (reset[parsed.ip_offset] >> 4 == 4) {
        EXPECT_EQ(Ipv4Residue(reset, parsed.ip_offset), 0);
      }
      EXPECT_EQ(TcpResidue(reset, parsed.ip_offset, parsed.tcp_offset,
                           parsed.ip_offset + parsed.ip_length),
                0);
    }
  }
}

TEST(ResetPacketTest, WithoutANumberToAcknowledge) {
  const ParsedFrame parsed =
      Parse(Reset(LastFrames().front(), false, std::nullopt));
  EXPECT_EQ(parsed.tcp_flags, dataplane::kTcpRst);
  EXPECT_EQ(parsed.ack, 0u);
}

TEST(ResetPacketTest, FromHeadersAlone) {
  const Bytes last = LastFrames().front();
  Bytes out(api::kMaxResetBytes);
  EXPECT_EQ(api::BuildReset(Slice(last, 0, 54), Parse(last), true, 1, 2, out),
            60u);
  EXPECT_EQ(api::BuildReset(Slice(last, 0, 53), Parse(last), true, 1, 2, out),
            0u);
  EXPECT_EQ(api::BuildReset({}, Parse(last), true, 1, 2, out), 0u);
}

TEST(ResetPacketTest, NeverOutgrowsItsRoom) {
  for (const Bytes& last : LastFrames()) {
    Bytes out(api::kMaxResetBytes - 1);
    EXPECT_EQ(api::BuildReset(last, Parse(last), true, 1, 2, out), 0u);
    out.resize(api::kMaxResetBytes);
    EXPECT_NE(api::BuildReset(last, Parse(last), true, 1, 2, out), 0u);
  }
}

TEST(ResetPacketTest, HeadersOfAnotherFrame) {
  const Bytes last = LastFrames().front();
  Bytes out(api::kMaxResetBytes);
  for (const int offset : {0, 13, 23, 1000, 65535}) {
    ParsedFrame parsed = Parse(last);
    parsed.ip_offset = static_cast<uint16_t>(offset);
    EXPECT_EQ(api::BuildReset(last, parsed, true, 1, 2, out), 0u) << offset;
  }
  ParsedFrame parsed = Parse(last);
  parsed.tcp_offset = 65535;
  EXPECT_EQ(api::BuildReset(last, parsed, true, 1, 2, out), 0u);
}

}  // namespace
}  // namespace mosd::testing
