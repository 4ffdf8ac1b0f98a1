// What edits make of whole frames. Edits that are refused are in
// packet_edit_refusal_test.cc.
#include "api/packet/packet_edit.h"

#include <cerrno>

#include "tests/unit/api/packet/edited_frame.h"

namespace mosd::testing {
namespace {

constexpr int kPayload = MOS_TCP_PAYLOAD;
constexpr int kInsert = MOS_INSERT | kBothChecksums;
constexpr int kOverwrite = MOS_OVERWRITE | kBothChecksums;

Packet Hello() {
  return Packet().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1234, 80).Payload("hello");
}

Packet Hello6() {
  return Packet().Ipv6("fd00::1", "fd00::2").Tcp(1234, 80).Payload("hello");
}

class PacketEditTest : public EditTest {};

TEST_F(PacketEditTest, DropsAndIgnoresTheRest) {
  Take(Hello());
  const Bytes before = Now();
  EXPECT_EQ(Edit(-1, nullptr, 9, MOS_DROP | MOS_ETH_HDR | MOS_IP_HDR | 1 << 20),
            0);
  EXPECT_TRUE(drop_);
  EXPECT_EQ(Now(), before);
}

TEST_F(PacketEditTest, OverwritesJustTheBytesNamed) {
  struct Case {
    int part;
    size_t begin;
  };
  for (const Case& of : {Case{MOS_ETH_HDR, 0}, Case{MOS_IP_HDR, 14},
                         Case{MOS_TCP_HDR, 34}, Case{kPayload, 54}}) {
    Take(Hello());
    Bytes expected = Now();
    expected[of.begin + 1] = 'a';
    expected[of.begin + 2] = 'b';
    EXPECT_EQ(Edit(1, "ab", of.part | MOS_OVERWRITE), 0);
    EXPECT_EQ(Now(), expected) << of.part;
    EXPECT_FALSE(drop_);
  }
}

TEST_F(PacketEditTest, PayloadGrowsAndShrinks) {
  for (const Packet& packet :
       {Hello(), Hello6(), Hello().Vlan(5), Hello6().Vlan(5).Vlan(6),
        Hello().IpOptions({1, 1, 1, 0}), Hello().WindowScale(7),
        Hello6().HopByHop().DestinationOptions()}) {
    Take(packet);
    EXPECT_EQ(Edit(5, " brave new", kPayload | kInsert), 0);
    EXPECT_EQ(Payload(), "hello brave new");
    ExpectValid();
    EXPECT_EQ(Chomp(1, 7, kPayload | kBothChecksums), 0);
    EXPECT_EQ(Payload(), "have new");
    ExpectValid();
    EXPECT_EQ(Edit(0, "H", kPayload | kOverwrite), 0);
    EXPECT_EQ(Payload(), "Have new");
    ExpectValid();
    EXPECT_EQ(Edit(0, "We ", kPayload | kInsert), 0);
    EXPECT_EQ(Payload(), "We Have new");
    EXPECT_EQ(Chomp(0, 11, kPayload | kBothChecksums), 0);
    EXPECT_EQ(Payload(), "");
    ExpectValid();
  }
}

TEST_F(PacketEditTest, ChecksumsAreStoredOnRequestAlone) {
  Take(Hello());
  const Bytes before = Now();
  ASSERT_EQ(Edit(0, "J", kPayload | MOS_OVERWRITE), 0);
  EXPECT_EQ(Slice(Now(), 14, 40), Slice(before, 14, 40));
  ASSERT_EQ(Edit(8, "\x07", MOS_IP_HDR | MOS_OVERWRITE | MOS_UPDATE_IP_CHKSUM),
            0);
  EXPECT_EQ(Ipv4Residue(Now(), 14), 0);
  EXPECT_NE(TcpResidue(Now(), 14, 34, 59), 0);
  // Nothing is overwritten: the sum alone.
  ASSERT_EQ(
      Edit(0, nullptr, 0, kPayload | MOS_OVERWRITE | MOS_UPDATE_TCP_CHKSUM), 0);
  ExpectValid();
}

TEST_F(PacketEditTest, NumbersOverwrittenAreReadAnew) {
  Take(Hello());
  ASSERT_EQ(
      Edit(4, std::string("\1\2\3\4\5\6\7\x8", 8), MOS_TCP_HDR | kOverwrite),
      0);
  EXPECT_EQ(parsed_.seq, 0x01020304u);
  EXPECT_EQ(parsed_.ack, 0x05060708u);
  ExpectValid();
}

// A header length that a program has made up reaches no further than the frame.
TEST_F(PacketEditTest, NonsenseForAnIpv4HeaderLength) {
  for (const char words : {'\x40', '\x44', '\x4f'}) {
    Take(Hello());
    ASSERT_EQ(Edit(0, std::string(1, words), MOS_IP_HDR | kOverwrite), 0);
    EXPECT_EQ(InternetChecksum(Slice(Now(), 14, 20)), 0) << words;
    EXPECT_EQ(TcpResidue(Now(), 14, 34, 59), 0) << words;
  }
}

TEST_F(PacketEditTest, PaddingIsNoPayload) {
  Take(Hello().Pad(60));
  EXPECT_EQ(Edit(6, "x", kPayload | MOS_INSERT), EINVAL);
  EXPECT_EQ(Edit(0, "123456", kPayload | MOS_OVERWRITE), EINVAL);
  EXPECT_EQ(Edit(5, "!", kPayload | kInsert), 0);
  EXPECT_EQ(Payload(), "hello!");
  EXPECT_EQ(Now().size(), 61u);
  EXPECT_EQ(Now().back(), 0);
  ExpectValid();
}

TEST_F(PacketEditTest, HeadersOfWholeWordsStateTheirLength) {
  Take(Hello());
  const std::string nops(4, '\1');
  EXPECT_EQ(Edit(20, nops, MOS_TCP_HDR | kInsert), 0);
  EXPECT_EQ(Payload(), "hello");
  ExpectValid();
  EXPECT_EQ(Edit(20, nops + nops, MOS_IP_HDR | kInsert), 0);
  EXPECT_EQ(Payload(), "hello");
  EXPECT_EQ(parsed_.tcp_offset, 14 + 28);
  ExpectValid();
  EXPECT_EQ(Chomp(22, 4, MOS_IP_HDR | kBothChecksums), 0);
  EXPECT_EQ(Chomp(20, 4, MOS_TCP_HDR | kBothChecksums), 0);
  EXPECT_EQ(Payload(), "hello");
  EXPECT_EQ(parsed_.payload_offset, 14 + 24 + 20);
  ExpectValid();
}

// A program may do the headers' lengths itself, before or after the bytes.
TEST_F(PacketEditTest, LengthsByHandInEitherOrder) {
  const std::string nops(4, '\1');
  const auto insert = [&] {
    EXPECT_EQ(Edit(20, nops, MOS_IP_HDR | kInsert), 0);
    EXPECT_EQ(Edit(20, nops, MOS_TCP_HDR | kInsert), 0);
  };
  const auto state = [&] {
    EXPECT_EQ(Edit(0, "\x46", MOS_IP_HDR | kOverwrite), 0);
    EXPECT_EQ(Edit(12, "\x60", MOS_TCP_HDR | kOverwrite), 0);
  };
  Take(Hello());
  insert();
  state();
  ExpectValid();
  const Bytes first = Now();
  Take(Hello());
  state();
  insert();
  ExpectValid();
  EXPECT_EQ(Now(), first);
}

TEST_F(PacketEditTest, HalvesOfWordsAreCountedOnceWhole) {
  Take(Hello());
  EXPECT_EQ(Edit(20, "\1\1", MOS_TCP_HDR | kInsert), 0);
  EXPECT_EQ(Now()[46] >> 4, 5);
  EXPECT_EQ(Edit(22, "\1\1", MOS_TCP_HDR | kInsert), 0);
  EXPECT_EQ(Now()[46] >> 4, 6);
  EXPECT_EQ(Payload(), "hello");
  ExpectValid();
}

TEST_F(PacketEditTest, ExtensionHeaderOfIpv6IsTakenOut) {
  Take(Hello6().HopByHop());
  EXPECT_EQ(Chomp(40, 8, MOS_IP_HDR), 0);
  EXPECT_EQ(Edit(6, "\6", MOS_IP_HDR | kOverwrite), 0);
  EXPECT_EQ(Now(), Hello6().Build());
  ExpectValid();
}

TEST_F(PacketEditTest, SegmentsBecomeOne) {
  const Bytes bytes = Hello().Build();
  for (const size_t cut : {1u, 14u, 20u, 40u, 56u}) {
    Take(bytes, 0, {cut, cut + 2});
    ASSERT_EQ(frame_->nb_segs, 3);
    EXPECT_EQ(Edit(2, "--", kPayload | kInsert), 0);
    EXPECT_EQ(frame_->nb_segs, 1);
    EXPECT_EQ(Payload(), "he--llo");
    ExpectValid();
  }
}

TEST_F(PacketEditTest, PayloadThatWasCutOffIsNotThere) {
  const Bytes whole = Hello().Build();
  Take(Slice(whole, 0, 56), whole.size());
  EXPECT_EQ(Edit(0, "HEL", kPayload | MOS_OVERWRITE), EINVAL);
  EXPECT_EQ(Edit(3, "x", kPayload | MOS_INSERT), EINVAL);
  EXPECT_EQ(Edit(2, "y", kPayload | MOS_INSERT | MOS_UPDATE_IP_CHKSUM), 0);
  EXPECT_EQ(parsed_.payload_length, 6u);
  EXPECT_EQ(Now()[17], 46);
  EXPECT_EQ(Ipv4Residue(Now(), 14), 0);
  // The sum over bytes that nobody has is not touched.
  const Bytes before = Now();
  EXPECT_EQ(Edit(0, "h", kPayload | kOverwrite), 0);
  EXPECT_EQ(Now(), before);
}

TEST_F(PacketEditTest, TotalLengthLeftToTheDeviceIsStatedOnceEdited) {
  Take(Hello().IpTotalLength(0));
  EXPECT_EQ(Edit(5, "!", kPayload | kInsert), 0);
  EXPECT_EQ(Now()[17], 46);
  ExpectValid();
}

}  // namespace
}  // namespace mosd::testing
