// The builder of test frames itself: its bytes, its checksums, its lies.
#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>

#include "tests/support/packet.h"

namespace mosd::testing {
namespace {

Bytes From(const Bytes& frame, size_t offset) {
  return Bytes(frame.begin() + static_cast<ptrdiff_t>(offset), frame.end());
}

// Sums to zero over a part that carries its own checksum.
bool ChecksumHolds(const Bytes& bytes) { return InternetChecksum(bytes) == 0; }

bool TransportChecksumHolds(const Bytes& addresses, uint8_t protocol,
                            const Bytes& transport) {
  Bytes summed = addresses;
  Put32(&summed, static_cast<uint32_t>(transport.size()));
  Put32(&summed, protocol);
  Append(&summed, transport);
  return ChecksumHolds(summed);
}

TEST(PacketBuilderTest, EveryByteOfASmallFrame) {
  const Bytes frame = Packet()
                          .Eth("02:00:00:00:00:0a", "02:00:00:00:00:0b")
                          .Vlan(5)
                          .Ipv4("10.0.0.1", "10.0.0.2")
                          .Tcp(1234, 80)
                          .Flags(0x02)
                          .Seq(1)
                          .Ack(2)
                          .Window(100)
                          .WindowScale(7)
                          .Payload("abc")
                          .Pad(68)
                          .Build();
  // clang-format off
  const Bytes want = {
      0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a,           // Ethernet
      0x81, 0x00, 0, 5, 0x08, 0x00,                             // VLAN
      0x45, 0, 0, 47, 0x12, 0x34, 0x40, 0, 64, 6, 0x14, 0x93,   // IPv4
      10, 0, 0, 1, 10, 0, 0, 2,
      0x04, 0xd2, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x02,    // TCP
      0, 100, 0xbd, 0xe3, 0, 0, 1, 3, 3, 7,
      'a', 'b', 'c', 0, 0, 0};
  // clang-format on
  EXPECT_EQ(frame, want);
}

TEST(PacketBuilderTest, ChecksumsHoldForOddAndEvenPayloads) {
  for (const std::string_view payload : {"", "a", "ab", "abc"}) {
    const Packet v4 = Packet().Ipv4("10.9.8.7", "192.0.2.255");
    const Packet v6 = Packet().Ipv6("fd00::1", "2001:db8::ffff");
    const Bytes tcp4 = Packet(v4).Tcp(1, 2).Payload(payload).Build();
    const Bytes udp6 = Packet(v6).Udp(1, 2).Payload(payload).Build();
    const Bytes tcp6 = Packet(v6).HopByHop().Tcp(1, 2).Payload(payload).Build();
    const Bytes icmp = Packet(v4).Icmp().Payload(payload).Build();
    EXPECT_TRUE(ChecksumHolds(Bytes(tcp4.begin() + 14, tcp4.begin() + 34)));
    EXPECT_TRUE(TransportChecksumHolds(
        Bytes(tcp4.begin() + 26, tcp4.begin() + 34), 6, From(tcp4, 34)));
    EXPECT_TRUE(TransportChecksumHolds(
        Bytes(udp6.begin() + 22, udp6.begin() + 54), 17, From(udp6, 54)));
    EXPECT_TRUE(TransportChecksumHolds(
        Bytes(tcp6.begin() + 22, tcp6.begin() + 54), 6, From(tcp6, 62)));
    EXPECT_TRUE(ChecksumHolds(From(icmp, 34)));
  }
}

TEST(PacketBuilderTest, LiesChangeOnlyTheFieldAndItsChecksum) {
  const Packet honest = Packet().Ipv6("fd00::1", "fd00::2").Tcp(1, 2);
  Bytes lie = Packet(honest).Ipv6PayloadLength(99).Build();
  EXPECT_EQ(lie[19], 99);
  lie[19] = 20;
  EXPECT_EQ(lie, honest.Build());
}

}  // namespace
}  // namespace mosd::testing
