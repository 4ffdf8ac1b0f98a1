// What the accessors of mos_ext.h say of a packet's IP header.
#include <gtest/gtest.h>
#include <netinet/ip6.h>

#include <memory>

#include "mos_api.h"
#include "mos_ext.h"

namespace mosd::testing {
namespace {

// A packet whose IP header begins with `first_byte`; one byte of it, so that
// reading more shows under AddressSanitizer.
struct Header {
  explicit Header(uint8_t first_byte) : byte(new uint8_t(first_byte)) {
    info.iph = reinterpret_cast<iphdr*>(byte.get());
  }
  std::unique_ptr<uint8_t> byte;
  pkt_info info{};
};

TEST(PktInfoAccessTest, Ipv4) {
  const Header header(0x45);
  EXPECT_EQ(mos_ip_version(&header.info), 4);
  EXPECT_EQ(mos_ip6h(&header.info), nullptr);
}

TEST(PktInfoAccessTest, Ipv6IsWhereIphPoints) {
  const Header header(0x60);
  EXPECT_EQ(mos_ip_version(&header.info), 6);
  EXPECT_EQ(static_cast<void*>(mos_ip6h(&header.info)),
            static_cast<void*>(header.info.iph));
}

TEST(PktInfoAccessTest, NeitherOfThem) {
  for (const int first_byte : {0x00, 0x54, 0x46 << 1, 0xf6}) {
    const Header header(static_cast<uint8_t>(first_byte));
    EXPECT_EQ(mos_ip_version(&header.info), 0) << first_byte;
    EXPECT_EQ(mos_ip6h(&header.info), nullptr) << first_byte;
  }
}

TEST(PktInfoAccessTest, NothingThere) {
  const pkt_info none{};
  EXPECT_EQ(mos_ip_version(&none), 0);
  EXPECT_EQ(mos_ip6h(&none), nullptr);
  EXPECT_EQ(mos_ip_version(nullptr), 0);
  EXPECT_EQ(mos_ip6h(nullptr), nullptr);
}

}  // namespace
}  // namespace mosd::testing
