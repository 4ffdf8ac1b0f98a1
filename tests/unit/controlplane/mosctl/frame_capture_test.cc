// Capture files are judged by tshark, which nobody here wrote.
#include "controlplane/mosctl/frame_capture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "controlplane/mosctl/output_file.h"
#include "controlplane/mosctl/pcapng_writer.h"
#include "tests/support/packet.h"

namespace mosd::mosctl {
namespace {

using testing::Bytes;
using testing::Packet;

mos::v1::LastPkt MakePacket(mos::v1::Side side, size_t payload, int64_t seconds,
                            uint32_t port) {
  const Bytes bytes = Packet()
                          .Ipv4("10.0.0.1", "10.0.0.2")
                          .Tcp(4321, 80)
                          .Payload(std::string(payload, 'p'))
                          .Build();
  mos::v1::LastPkt packet;
  packet.set_flow_id("0123abcd");
  packet.set_side(side);
  packet.mutable_tuple()->mutable_client()->set_address("\x0a\0\0\1", 4);
  packet.mutable_tuple()->mutable_client()->set_port(4321);
  packet.mutable_tuple()->mutable_server()->set_address("\x0a\0\0\2", 4);
  packet.mutable_tuple()->mutable_server()->set_port(80);
  packet.mutable_capture_time()->set_seconds(seconds);
  packet.mutable_capture_time()->set_nanos(123456789);
  packet.set_in_ifidx(port);
  packet.set_wire_length(static_cast<uint32_t>(bytes.size()) + 100);
  packet.set_frame(std::string(bytes.begin(), bytes.end()));
  return packet;
}

uint32_t Number(const std::string& file, size_t at) {
  uint32_t number = 0;
  for (size_t i = 4; i-- > 0;) {
    number = number << 8 | static_cast<uint8_t>(file.at(at + i));
  }
  return number;
}

TEST(Pcapng, EveryBlockIsPaddedAndClosed) {
  for (size_t payload = 0; payload < 5; ++payload) {
    const std::string file =
        FrameCapture({MakePacket(mos::v1::SIDE_CLIENT, payload, 1, 0)}, {});
    std::vector<uint32_t> types;
    for (size_t at = 0; at < file.size();) {
      const uint32_t length = Number(file, at + 4);
      ASSERT_EQ(length % 4, 0u);
      ASSERT_LE(at + length, file.size());
      EXPECT_EQ(Number(file, at + length - 4), length);
      types.push_back(Number(file, at));
      at += length;
    }
    EXPECT_EQ(types, (std::vector<uint32_t>{0x0a0d0d0a, 1, 6}));
  }
}

TEST(Pcapng, WireLengthIsNeverLessThanTheFrame) {
  std::string file;
  AppendFrame({.wire_length = 1, .bytes = "abcde", .comment = {}}, &file);
  EXPECT_EQ(Number(file, 20), 5u);
  EXPECT_EQ(Number(file, 24), 5u);
}

TEST(Pcapng, ReadsInTshark) {
  if (std::system("command -v tshark >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "tshark is not installed";
  }
  mos::v1::ListPortsResponse ports;
  mos::v1::Port* port = ports.add_ports();
  port->set_index(1);
  port->set_device("pcap:a.pcap");
  const std::string file =
      FrameCapture({MakePacket(mos::v1::SIDE_CLIENT, 5, 1700000001, 0),
                    MakePacket(mos::v1::SIDE_SERVER, 6, 1700000000, 1)},
                   ports);
  char name[] = "/tmp/mosctl-test-XXXXXX";
  const int fd = mkstemp(name);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(WriteAll(fd, file), 0);
  close(fd);
  const std::string command =
      std::string("tshark -r ") + name +
      " -T fields -E separator='|' -e frame.time_epoch -e frame.interface_name"
      " -e frame.len -e frame.cap_len -e frame.comment -e tcp.srcport"
      " 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 4096> buffer{};
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    output += buffer.data();
  }
  EXPECT_EQ(pclose(pipe), 0);
  unlink(name);
  const std::string of_flow = " of flow 0123abcd 10.0.0.1:4321-10.0.0.2:80";
  EXPECT_EQ(output,
            "1700000000.123456789|pcap:a.pcap|160|60|last frame of the "
            "server" +
                of_flow +
                "|4321\n"
                "1700000001.123456789|port 0|159|59|last frame of the "
                "client" +
                of_flow + "|4321\n");
}

}  // namespace
}  // namespace mosd::mosctl
