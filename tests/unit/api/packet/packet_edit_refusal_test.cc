// Edits that are refused, with the errno that says why, and leave every byte
// as it was.
#include <cerrno>
#include <climits>

#include "tests/unit/api/packet/edited_frame.h"

namespace mosd::testing {
namespace {

constexpr int kPayload = MOS_TCP_PAYLOAD;

class PacketEditRefusalTest : public EditTest {
 protected:
  PacketEditRefusalTest() {
    Take(Packet()
             .Ipv4("10.0.0.1", "10.0.0.2")
             .Tcp(1234, 80)
             .WindowScale(7)
             .Payload("hello"));
    before_ = Now();
  }
  ~PacketEditRefusalTest() override {
    EXPECT_EQ(Now(), before_);
    EXPECT_FALSE(drop_);
  }

  Bytes before_;
};

TEST_F(PacketEditRefusalTest, OptionsOtherThanOneActionAndOnePart) {
  for (const int option :
       {0, -1, INT_MIN, MOS_TCP_PAYLOAD, kBothChecksums, int{MOS_OVERWRITE},
        MOS_DROP | MOS_CHOMP, MOS_DROP | MOS_OVERWRITE | kPayload,
        MOS_OVERWRITE | MOS_INSERT | kPayload,
        MOS_CHOMP | MOS_INSERT | kPayload,
        MOS_OVERWRITE | kPayload | MOS_TCP_HDR,
        MOS_OVERWRITE | MOS_ETH_HDR | MOS_IP_HDR,
        MOS_OVERWRITE | kPayload | 1 << 10, MOS_OVERWRITE | kPayload | INT_MIN,
        MOS_CHOMP | kPayload | 1 << 30}) {
    EXPECT_EQ(Edit(0, "x", option), EINVAL) << option;
  }
}

TEST_F(PacketEditRefusalTest, BytesOutOfThePart) {
  struct Part {
    int bit;
    uint16_t size;
  };
  for (const Part& part : {Part{MOS_ETH_HDR, 14}, Part{MOS_IP_HDR, 20},
                           Part{MOS_TCP_HDR, 24}, Part{kPayload, 5}}) {
    const std::string whole(part.size, 'x');
    const int overwrite = part.bit | MOS_OVERWRITE;
    EXPECT_EQ(Edit(1, whole, overwrite), EINVAL);
    EXPECT_EQ(Edit(0, whole + "x", overwrite), EINVAL);
    EXPECT_EQ(Edit(part.size, "x", overwrite), EINVAL);
    for (const off_t offset : {off_t{-1}, off_t{part.size + 1}, off_t{LONG_MAX},
                               off_t{LONG_MIN}, off_t{1} << 32}) {
      EXPECT_EQ(Edit(offset, "", overwrite), EINVAL) << offset;
      EXPECT_EQ(Edit(offset, "x", overwrite), EINVAL) << offset;
      if (part.bit == MOS_ETH_HDR) continue;
      EXPECT_EQ(Edit(offset, "x", part.bit | MOS_INSERT), EINVAL) << offset;
      EXPECT_EQ(Chomp(offset, 1, part.bit), EINVAL) << offset;
    }
    EXPECT_EQ(Edit(0, Bytes(UINT16_MAX).data(), UINT16_MAX, overwrite), EINVAL);
  }
  EXPECT_EQ(Chomp(0, 6, kPayload), EINVAL);
  EXPECT_EQ(Chomp(5, 1, kPayload), EINVAL);
}

TEST_F(PacketEditRefusalTest, NoData) {
  EXPECT_EQ(Edit(0, nullptr, 1, kPayload | MOS_OVERWRITE), EINVAL);
  EXPECT_EQ(Edit(0, nullptr, 1, kPayload | MOS_INSERT), EINVAL);
}

TEST_F(PacketEditRefusalTest, TheFixedPartOfAHeader) {
  EXPECT_EQ(Chomp(0, 1, MOS_IP_HDR), EINVAL);
  EXPECT_EQ(Chomp(0, 20, MOS_IP_HDR), EINVAL);
  EXPECT_EQ(Chomp(0, 5, MOS_TCP_HDR), EINVAL);
  EXPECT_EQ(Chomp(0, 24, MOS_TCP_HDR), EINVAL);
}

TEST_F(PacketEditRefusalTest, TheEthernetHeaderKeepsItsLength) {
  EXPECT_EQ(Edit(0, "x", MOS_ETH_HDR | MOS_INSERT), EACCES);
  EXPECT_EQ(Chomp(0, 1, MOS_ETH_HDR), EACCES);
}

TEST_F(PacketEditRefusalTest, MoreThanTheBufferHolds) {
  const auto room = static_cast<uint16_t>(kRoom - before_.size());
  const Bytes data(room + 1u, 'x');
  for (const int part : {MOS_IP_HDR, MOS_TCP_HDR, MOS_TCP_PAYLOAD}) {
    EXPECT_EQ(Edit(0, data.data(), static_cast<uint16_t>(room + 1),
                   part | MOS_INSERT),
              EMSGSIZE);
    EXPECT_EQ(Edit(0, Bytes(UINT16_MAX).data(), UINT16_MAX, part | MOS_INSERT),
              EMSGSIZE);
  }
  EXPECT_EQ(Edit(5, data.data(), room, kPayload | MOS_INSERT | kBothChecksums),
            0);
  ExpectValid();
  EXPECT_EQ(Edit(0, "x", kPayload | MOS_INSERT), EMSGSIZE);
  EXPECT_EQ(Chomp(5, room, kPayload | kBothChecksums), 0);
}

TEST_F(PacketEditRefusalTest, MoreThanTheIpHeaderStates) {
  // 65,535 bytes on the wire, of which few were captured.
  Bytes bytes = before_;
  Set16(&bytes, 16, UINT16_MAX);
  Take(bytes, 14 + UINT16_MAX);
  before_ = bytes;
  EXPECT_EQ(Edit(0, "x", kPayload | MOS_INSERT), EMSGSIZE);
  EXPECT_EQ(Edit(0, "h", kPayload | MOS_OVERWRITE), 0);
}

TEST_F(PacketEditRefusalTest, SegmentsThatDoNotFitIntoTheFirst) {
  Bytes bytes = Packet()
                    .Ipv4("10.0.0.1", "10.0.0.2")
                    .Tcp(1, 2)
                    .Payload(Bytes(kRoom, 'x'))
                    .Build();
  Take(bytes, 0, {1000});
  before_ = bytes;
  EXPECT_EQ(Edit(0, "y", kPayload | MOS_OVERWRITE), EMSGSIZE);
  EXPECT_EQ(Chomp(0, 1, kPayload), EMSGSIZE);
  EXPECT_EQ(frame_->nb_segs, 2);
}

TEST_F(PacketEditRefusalTest, HeadersOfAnotherFrame) {
  using dataplane::ParsedFrame;
  const ParsedFrame right = parsed_;
  const auto refused = [&](auto&& spoil) {
    parsed_ = right;
    spoil(&parsed_);
    EXPECT_EQ(Edit(0, "", kPayload | MOS_OVERWRITE), EINVAL);
  };
  refused([](ParsedFrame* p) { p->ip_offset = 0; });
  refused([](ParsedFrame* p) { p->ip_offset = 40; });
  refused([](ParsedFrame* p) { p->tcp_offset = 33; });
  refused([](ParsedFrame* p) { p->tcp_offset = UINT16_MAX; });
  refused([](ParsedFrame* p) { p->payload_offset = 53; });
  refused([](ParsedFrame* p) { p->payload_offset = UINT16_MAX; });
  refused([](ParsedFrame* p) { p->ip_length = 0; });
  refused([](ParsedFrame* p) { p->key.version = dataplane::IpVersion::kIpv6; });
}

}  // namespace
}  // namespace mosd::testing
