#include "dataplane/port/device_spec.h"

#include <gmock/gmock.h>

#include <random>

namespace mosd::dataplane {
namespace {

using ::testing::HasSubstr;

DeviceSpec Parsed(const std::string& device) {
  auto spec = ParseDeviceSpec(device);
  EXPECT_TRUE(spec.ok()) << device << ": " << spec.status();
  return spec.ok() ? *spec : DeviceSpec{DeviceKind::kNull, "not parsed", {}};
}

TEST(DeviceSpec, KnowsEachKind) {
  const struct {
    const char* device;
    DeviceKind kind;
    const char* argument;
  } cases[] = {
      {"pcap:trace.pcap", DeviceKind::kPcap, "trace.pcap"},
      {"af_packet:eth0", DeviceKind::kAfPacket, "eth0"},
      {"af_xdp:eth0.100", DeviceKind::kAfXdp, "eth0.100"},
      {"tap:mosd0", DeviceKind::kTap, "mosd0"},
      {"memif:/run/m.sock", DeviceKind::kMemif, "/run/m.sock"},
      {"ring:mine", DeviceKind::kRing, "mine"},
      {"null:", DeviceKind::kNull, ""},
      {"0000:03:00.0", DeviceKind::kPci, "0000:03:00.0"},
      {"03:00.0", DeviceKind::kPci, "0000:03:00.0"},
      {"10000:AF:1F.7", DeviceKind::kPci, "10000:af:1f.7"},
      {"dpdk0", DeviceKind::kDpdk, "0"},
      {"dpdk31", DeviceKind::kDpdk, "31"},
  };
  for (const auto& c : cases) {
    const DeviceSpec spec = Parsed(c.device);
    EXPECT_EQ(spec.kind, c.kind) << c.device;
    EXPECT_EQ(spec.argument, c.argument) << c.device;
    EXPECT_TRUE(spec.extra.empty()) << c.device;
  }
}

TEST(DeviceSpec, WhatFollowsTheCommaIsForTheDriver) {
  const DeviceSpec spec = Parsed("af_packet:eth0,blocksz=4096,qdisc_bypass=0");
  EXPECT_EQ(spec.argument, "eth0");
  EXPECT_EQ(spec.Extra("blocksz"), "4096");
  EXPECT_EQ(spec.Extra("qdisc_bypass"), "0");
  EXPECT_EQ(spec.Extra("framesz"), std::nullopt);
  EXPECT_EQ(Parsed("null:size=64,copy=1").Extra("copy"), "1");
  EXPECT_EQ(Parsed("null:size=64,size=128").Extra("size"), "128");
}

TEST(DeviceSpec, ACaptureMayHaveAnyName) {
  for (const char* name : {"a,b=c", "C:\\trace.pcap", "a b", "-", "pcap:x",
                           "\xff\xfe", "umlaut \xc3\xa4.pcapng", "a\nb"}) {
    EXPECT_EQ(Parsed(std::string("pcap:") + name).argument, name);
  }
}

TEST(DeviceSpec, RefusesWhatCannotBe) {
  for (const std::string device : {"pcap:",
                                   "af_packet:",
                                   "af_xdp:",
                                   "tap:",
                                   "memif:",
                                   "ring:",
                                   "af_packet:,qpairs=2",
                                   "af_packet:eth0,",
                                   "af_packet:eth0,qpairs",
                                   "af_packet:eth0,=2",
                                   "af_packet:eth0,qpairs=",
                                   "af_packet:eth0,a=b=c",
                                   "af_packet:eth0,a=[1,2]",
                                   "af_packet:eth 0",
                                   "af_packet:a/b",
                                   "af_packet:..",
                                   "af_packet:a:b",
                                   "af_packet:sixteen-letters-",
                                   "tap:eth0\n",
                                   "null:size",
                                   "null:,",
                                   "memif:/a=b"}) {
    const auto status = ParseDeviceSpec(device).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << device << status;
  }
  EXPECT_FALSE(ParseDeviceSpec(std::string("pcap:a\0b", 8)).ok());
  EXPECT_FALSE(ParseDeviceSpec("memif:" + std::string(108, 'a')).ok());
  EXPECT_TRUE(ParseDeviceSpec("memif:" + std::string(107, 'a')).ok());
}

TEST(DeviceSpec, ListsTheKindsItKnows) {
  for (const char* device :
       {"", ":", "pcap", "pigeon:eth0", "PCAP:x", "eth0", "dpdk", "dpdk-1",
        "dpdk1x", "dpdk99999", "0000:03:00", "0000:03:20.0", "0000:03:00.8",
        "000:03:00.0", "0000:3:00.0", "0000:03:0g.0", "1:0000:03:00.0",
        "0000:03:00.00", "net_null0"}) {
    const auto status = ParseDeviceSpec(device).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << device;
    for (const char* kind :
         {"pcap:FILE", "af_packet:IFACE", "af_xdp:IFACE", "tap:NAME",
          "memif:SOCKET", "ring:NAME", "null:", "PCI address", "dpdkN"}) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(kind)) << device;
    }
  }
}

TEST(DeviceSpec, AnyBytesAreSafe) {
  std::mt19937 random(7);
  const std::string prefixes[] = {
      "", "pcap:", "af_packet:", "tap:", "dpdk", "null:", "0000:"};
  const std::string letters = ",=:.[]0a\"\\/ \n";
  for (int i = 0; i < 20'000; ++i) {
    std::string device = prefixes[random() % std::size(prefixes)];
    for (size_t length = random() % 24; length > 0; --length) {
      device += random() % 2 == 0 ? letters[random() % letters.size()]
                                  : static_cast<char>(random());
    }
    const auto spec = ParseDeviceSpec(device);
    if (spec.ok()) continue;
    EXPECT_TRUE(absl::IsInvalidArgument(spec.status()));
    // Nothing of it reaches a terminal as it is.
    for (const char c : spec.status().message()) {
      ASSERT_TRUE(c >= ' ' && c <= '~') << spec.status();
    }
  }
}

}  // namespace
}  // namespace mosd::dataplane
