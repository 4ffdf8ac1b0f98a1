#include "controlplane/mosctl/flow_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mosd::mosctl {
namespace {

using ::testing::HasSubstr;

TEST(FlowReference, RoundTripsTuples) {
  for (const char* text :
       {"10.0.0.1:4321-10.0.0.2:80", "[fd00::1]:4321-[fd00::2]:80",
        "0.0.0.0:0-255.255.255.255:65535", "[::]:1-[::ffff:1.2.3.4]:2"}) {
    const auto reference = ParseFlowReference(text);
    ASSERT_TRUE(reference.ok()) << reference.status();
    ASSERT_TRUE(reference->has_tuple());
    EXPECT_EQ(FormatTuple(reference->tuple()), text);
  }
}

TEST(FlowReference, AddressesAreInNetworkOrder) {
  const auto endpoint = ParseEndpoint("10.0.0.1:80");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->address(), std::string("\x0a\0\0\x01", 4));
  EXPECT_EQ(endpoint->port(), 80u);
}

TEST(FlowReference, TakesIdsAsTheyAre) {
  for (const char* text : {"0123456789abcdef01234567", "a-b_c", "7"}) {
    const auto reference = ParseFlowReference(text);
    ASSERT_TRUE(reference.ok());
    EXPECT_EQ(reference->flow_id(), text);
  }
}

struct Bad {
  std::string text;
  const char* why;
};

TEST(FlowReference, SaysWhatIsWrong) {
  const Bad bads[] = {
      {"", "names no flow"},
      {"10.0.0.1:80", "names no flow"},
      {"id\x1b[2J", "id\\x1b[2J"},
      {std::string(200, 'a'), "names no flow"},
      {"10.0.0.1-10.0.0.2:80", "has no port"},
      {"10.0.0.1:-10.0.0.2:80", "port is a number"},
      {"10.0.0.1:65536-10.0.0.2:80", "port is a number"},
      {"10.0.0.1:+1-10.0.0.2:80", "port is a number"},
      {"10.0.0.1: 1-10.0.0.2:80", "port is a number"},
      {"10.0.0:1-10.0.0.2:80", "not an IPv4 address"},
      {"host.example:1-10.0.0.2:80", "not looked up"},
      {"fd00::1:1-[fd00::2]:80", "brackets"},
      {"[fd00::1]-[fd00::2]:80", "has no port"},
      {"[fd00::1:1-[fd00::2]:80", "has no port"},
      {"[10.0.0.1]:1-[fd00::2]:80", "not an IPv6 address"},
      {"[]:1-[]:2", "not an IPv6 address"},
      {"[:1-[]:2", "has no port"},
      {":1-:2", "not an IPv4 address"},
      {"10.0.0.1:1-[fd00::2]:80", "one endpoint is IPv4"},
      {"10.0.0.1:1-10.0.0.2:2-10.0.0.3:3", "more than two"},
      {std::string("10.0.0.1\0:1-10.0.0.2:2", 22), "not an IPv4 address"},
  };
  for (const Bad& bad : bads) {
    const auto reference = ParseFlowReference(bad.text);
    ASSERT_FALSE(reference.ok()) << bad.text;
    EXPECT_EQ(reference.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(reference.status().message()), HasSubstr(bad.why));
  }
}

TEST(FlowReference, WritesOddAddressesAsHex) {
  mos::v1::Endpoint endpoint;
  endpoint.set_address("\x01\xff\x1b");
  endpoint.set_port(5);
  EXPECT_EQ(FormatEndpoint(endpoint), "0x01ff1b:5");
}

}  // namespace
}  // namespace mosd::mosctl
