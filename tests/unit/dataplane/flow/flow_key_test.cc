#include "dataplane/flow/flow_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <tuple>
#include <vector>

namespace mosd::dataplane {
namespace {

Endpoint MakeEndpoint(std::vector<uint8_t> address, uint16_t port) {
  Endpoint endpoint{{}, port};
  std::copy(address.begin(), address.end(), endpoint.address.begin());
  return endpoint;
}

void ExpectCanonical(const Endpoint& a, const Endpoint& b) {
  size_t a_place = 2, b_place = 2;
  const FlowKey forth = MakeFlowKey(IpVersion::kIpv6, a, b, &a_place);
  const FlowKey back = MakeFlowKey(IpVersion::kIpv6, b, a, &b_place);
  EXPECT_EQ(forth, back);
  EXPECT_EQ(std::memcmp(&forth, &back, sizeof(forth)), 0);
  EXPECT_EQ(forth.endpoint(a_place), a);
  EXPECT_EQ(forth.endpoint(1 - a_place), b);
  EXPECT_EQ(back.endpoint(b_place), b);
  if (a == b) {
    EXPECT_EQ(a_place, 0u);
  } else {
    EXPECT_EQ(a_place == 1,
              std::tie(a.address, a.port) > std::tie(b.address, b.port));
  }
  EXPECT_EQ(forth.version, IpVersion::kIpv6);
  for (const uint8_t zero : forth.zero) EXPECT_EQ(zero, 0);
}

TEST(FlowKeyTest, OrderIsThatOfTheBytesThenThePort) {
  ExpectCanonical(MakeEndpoint({10, 0, 0, 1}, 80),
                  MakeEndpoint({10, 0, 0, 2}, 80));
  ExpectCanonical(MakeEndpoint({10, 0, 0, 1}, 80),
                  MakeEndpoint({10, 0, 0, 1}, 81));
  ExpectCanonical(MakeEndpoint({10, 0, 0, 1}, 80),
                  MakeEndpoint({10, 0, 0, 1}, 80));
  ExpectCanonical(MakeEndpoint({1, 0, 0, 200}, 1),
                  MakeEndpoint({200, 0, 0, 1}, 1));
  ExpectCanonical(MakeEndpoint({0x7f}, 1), MakeEndpoint({0x80}, 1));
}

// Each byte of the address counts, and earlier ones more.
TEST(FlowKeyTest, RandomEndpointsThatDifferInFewBytes) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    Endpoint a{};
    for (uint8_t& byte : a.address) byte = static_cast<uint8_t>(random());
    a.port = static_cast<uint16_t>(random() % 4);
    Endpoint b = a;
    b.port = static_cast<uint16_t>(random() % 4);
    for (auto j = random() % 3; j > 0; --j) {
      b.address[random() % 16] = static_cast<uint8_t>(random());
    }
    ExpectCanonical(a, b);
  }
}

TEST(FlowKeyTest, VersionsDiffer) {
  const Endpoint a = MakeEndpoint({10, 0, 0, 1}, 80);
  const Endpoint b = MakeEndpoint({10, 0, 0, 2}, 80);
  size_t place;
  EXPECT_FALSE(MakeFlowKey(IpVersion::kIpv4, a, b, &place) ==
               MakeFlowKey(IpVersion::kIpv6, a, b, &place));
}

}  // namespace
}  // namespace mosd::dataplane
