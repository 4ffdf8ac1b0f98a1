#include "controlplane/mosctl/frame_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/frame_text.h"
#include "mos/v1/flow.pb.h"
#include "tests/support/packet.h"

namespace mosd::mosctl {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Packet;

Packet Ipv4Packet() {
  return Packet()
      .Ipv4("10.0.0.1", "10.0.0.2")
      .Tcp(4321, 80)
      .Seq(7)
      .Ack(9)
      .Payload("hello");
}

Bytes ManyHeaders() {
  return Packet()
      .Vlan(0xa005, 0x88a8)
      .Vlan(7)
      .Ipv6("fd00::1", "fd00::2")
      .HopByHop()
      .Routing()
      .Fragment(0, true)
      .Authentication()
      .DestinationOptions()
      .Tcp(1, 2)
      .Mss(1460)
      .WindowScale(7)
      .Payload("payload")
      .Build();
}

// A copy that ends where the memory ends, so that a sanitizer sees a read past
// it.
DecodedFrame DecodeExactly(const Bytes& frame, size_t size) {
  const std::vector<uint8_t> copy(frame.begin(),
                                  frame.begin() + static_cast<long>(size));
  return DecodeFrame(copy);
}

TEST(FrameDecoder, ReadsIpv4AndTcp) {
  const Bytes bytes = Ipv4Packet().Build();
  const DecodedFrame frame = DecodeFrame(bytes);
  ASSERT_TRUE(frame.ethernet && frame.ipv4 && frame.tcp);
  EXPECT_EQ(frame.problem, "");
  EXPECT_THAT(frame.ethernet->source, ElementsAre(2, 0, 0, 0, 0, 1));
  EXPECT_EQ(frame.ethernet->type, 0x0800);
  EXPECT_THAT(frame.ipv4->source, ElementsAre(10, 0, 0, 1));
  EXPECT_THAT(frame.ipv4->destination, ElementsAre(10, 0, 0, 2));
  EXPECT_EQ(frame.ipv4->checksum, Checksum::kRight);
  EXPECT_EQ(frame.tcp->source_port, 4321);
  EXPECT_EQ(frame.tcp->destination_port, 80);
  EXPECT_EQ(frame.tcp->seq, 7u);
  EXPECT_EQ(frame.tcp->ack, 9u);
  EXPECT_EQ(frame.tcp->checksum, Checksum::kRight);
  EXPECT_THAT(frame.payload, ElementsAre('h', 'e', 'l', 'l', 'o'));
  EXPECT_EQ(frame.missing, 0u);
}

TEST(FrameDecoder, ReadsTagsAndExtensionHeaders) {
  const Bytes bytes = ManyHeaders();
  const DecodedFrame frame = DecodeFrame(bytes);
  ASSERT_TRUE(frame.ethernet && frame.ipv6 && frame.tcp) << frame.problem;
  ASSERT_EQ(frame.ethernet->tags.size(), 2u);
  EXPECT_EQ(frame.ethernet->tags[0].id, 5);
  EXPECT_EQ(frame.ethernet->tags[0].priority, 5);
  EXPECT_EQ(frame.ethernet->tags[0].protocol, 0x88a8);
  EXPECT_EQ(frame.ethernet->tags[1].id, 7);
  std::vector<int> types;
  for (const Ipv6Extension& extension : frame.ipv6->extensions) {
    types.push_back(extension.type);
  }
  EXPECT_THAT(types, ElementsAre(0, 43, 44, 51, 60));
  EXPECT_TRUE(frame.ipv6->fragment);
  ASSERT_GE(frame.tcp->options.size(), 2u);
  EXPECT_EQ(frame.tcp->options[0].text, "MSS 1460");
  // Of a fragment the checksum cannot be told.
  EXPECT_EQ(frame.tcp->checksum, Checksum::kUnknown);
}

TEST(FrameDecoder, TellsPaddingFromPayload) {
  const Bytes bytes =
      Packet().Ipv4("1.2.3.4", "5.6.7.8").Tcp(1, 2).Pad(60).Build();
  const DecodedFrame frame = DecodeFrame(bytes);
  EXPECT_THAT(frame.payload, IsEmpty());
  EXPECT_EQ(frame.padding, 6u);
  EXPECT_EQ(frame.tcp->checksum, Checksum::kRight);
}

TEST(FrameDecoder, SeesWrongChecksums) {
  Bytes bytes = Ipv4Packet().Build();
  bytes.back() ^= 1;
  EXPECT_EQ(DecodeFrame(bytes).tcp->checksum, Checksum::kWrong);
  bytes[24] ^= 1;  // of the IPv4 header
  EXPECT_EQ(DecodeFrame(bytes).ipv4->checksum, Checksum::kWrong);
}

TEST(FrameDecoder, SaysWhatIsMissingOfACutFrame) {
  const Bytes bytes = Ipv4Packet().Build();
  const DecodedFrame frame = DecodeExactly(bytes, bytes.size() - 3);
  EXPECT_EQ(frame.payload.size(), 2u);
  EXPECT_EQ(frame.missing, 3u);
  EXPECT_EQ(frame.tcp->checksum, Checksum::kUnknown);
}

struct Lie {
  const char* name;
  Bytes frame;
  const char* problem;
};

TEST(FrameDecoder, NamesTheFirstProblem) {
  const Lie lies[] = {
      {"empty", {}, "Ethernet header (0 of 14 bytes)"},
      {"ARP", Packet().EtherType(0x0806).Build(), "not IP"},
      {"version", Ipv4Packet().IpVersion(5).Build(), "version is not 4"},
      {"short IHL", Ipv4Packet().Ihl(4).Build(), "less than 20 bytes"},
      {"total length", Ipv4Packet().IpTotalLength(19).Build(),
       "less than its header"},
      {"fragment", Ipv4Packet().Fragment(3, false).Build(), "later IPv4"},
      {"UDP", Packet().Ipv4("1.1.1.1", "2.2.2.2").Udp(1, 2).Build(), "not TCP"},
      {"UDP6", Packet().Ipv6("::1", "::2").Udp(1, 2).Build(), "not TCP"},
      {"data offset", Ipv4Packet().DataOffset(4).Build(), "less than 20 bytes"},
      {"long data offset", Ipv4Packet().DataOffset(15).Build(),
       "inside the TCP options"},
      {"extension",
       Packet()
           .Ipv6("::1", "::2")
           .HopByHop()
           .ExtensionLength(255)
           .Tcp(1, 2)
           .Build(),
       "IPv6 extension header"},
  };
  for (const Lie& lie : lies) {
    EXPECT_THAT(DecodeFrame(lie.frame).problem, HasSubstr(lie.problem))
        << lie.name;
  }
}

std::string TextOf(const Bytes& frame) {
  mos::v1::LastPkt packet;
  packet.set_frame(std::string(frame.begin(), frame.end()));
  std::ostringstream out, err;
  return FrameText(packet, {}, Console{.out = out, .err = err});
}

// Every cut, and every byte set to values that lie, of a frame with every
// header: no read outside the frame (under a sanitizer), nothing unprintable.
TEST(FrameDecoder, SurvivesEveryCutAndEveryLie) {
  for (const Bytes& whole : {Ipv4Packet().Build(), ManyHeaders()}) {
    for (size_t size = 0; size <= whole.size(); ++size) {
      const DecodedFrame frame = DecodeExactly(whole, size);
      EXPECT_LE(frame.payload.size(), size);
      if (size < 54) {
        EXPECT_NE(frame.problem, "") << size;
      }
    }
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const uint8_t value : Bytes{0x00, 0x01, 0x0f, 0x1b, 0x7f, 0xff}) {
        Bytes frame = whole;
        frame[at] = value;
        for (const char c : TextOf(frame)) {
          ASSERT_TRUE(c == '\n' || (c >= 0x20 && c <= 0x7e)) << at;
        }
      }
    }
  }
}

TEST(FrameText, ShowsFlowHeadersAndEscapedPayload) {
  mos::v1::LastPkt packet;
  const Bytes bytes = Packet()
                          .Vlan(5)
                          .Ipv4("10.0.0.1", "10.0.0.2")
                          .Tcp(4321, 80)
                          .Flags(0x18)
                          .Payload("GET /\r\n\x1b[2J")
                          .Build();
  packet.set_frame(std::string(bytes.begin(), bytes.end()));
  packet.set_flow_id("id\x1b]0;");
  packet.set_side(mos::v1::SIDE_SERVER);
  packet.set_wire_length(static_cast<uint32_t>(bytes.size()));
  packet.mutable_capture_time()->set_seconds(1);
  packet.mutable_capture_time()->set_nanos(5);
  packet.mutable_tuple()->mutable_server()->set_address("\x0a\0\0\2", 4);
  packet.mutable_tuple()->mutable_server()->set_port(80);
  mos::v1::Flow flow;
  flow.set_state(mos::v1::FLOW_STATE_ENDED);
  flow.set_end_reason(mos::v1::END_REASON_RST_SERVER);
  flow.set_last_speaker(mos::v1::SIDE_SERVER);
  std::ostringstream out, err;
  const std::string text =
      FrameText(packet, flow, Console{.out = out, .err = err});
  for (const char* part :
       {"Last frame of the server 10.0.0.2:80", "id\\x1b]0;",
        "ended (rst_server)", "it spoke last",
        "1970-01-01T00:00:01.000000005+00:00", "all kept",
        "02:00:00:00:00:01 > 02:00:00:00:00:02", "VLAN       5",
        "> 10.0.0.2  TCP", "10.0.0.1 > 10.0.0.2", "4321 > 80  PSH ACK",
        "checksum right", "GET /\\r\\n\n", "\\x1b[2J",
        "0000  02 00 00 00 00 02 02 00"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace mosd::mosctl
