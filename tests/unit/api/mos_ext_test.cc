// The C API as a program sees it: libmos and its headers alone.
#include "mos_ext.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/packet/parser.h"
#include "tests/support/packet.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/port/capture_bytes.h"

namespace {

using mosd::dataplane::Classic;
using mosd::dataplane::kTcpSyn;
using mosd::testing::Bytes;
using mosd::testing::Packet;

std::string Text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

sockaddr_in Ipv4(const char* address, uint16_t port) {
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(port);
  inet_pton(AF_INET, address, &endpoint.sin_addr);
  return endpoint;
}

sockaddr_in6 Ipv6(const char* address, uint16_t port) {
  sockaddr_in6 endpoint{};
  endpoint.sin6_family = AF_INET6;
  endpoint.sin6_port = htons(port);
  inet_pton(AF_INET6, address, &endpoint.sin6_addr);
  return endpoint;
}

template <typename A, typename B>
int Find(const A& a, const B& b, uint64_t* flow) {
  return mos_find_flow(reinterpret_cast<const sockaddr*>(&a),
                       reinterpret_cast<const sockaddr*>(&b), flow);
}

class MosExtTest : public ::testing::Test {
 protected:
  ~MosExtTest() override { mos_stop(); }

  std::string Configuration(const std::string& device) {
    const std::string path = dir_ / "mosd.yaml";
    std::ofstream(path) << "dataplane:\n  ports:\n  - device: " << device
                        << "\ngrpc:\n  listen: []\nmetrics:\n  listen: []\n";
    return path;
  }

  // Starts on a capture of two clients' segments, and waits for the later one.
  void StartOnCapture() {
    v4_ = Text(Packet()
                   .Vlan(5)
                   .Ipv4("10.0.0.1", "10.0.0.2")
                   .Tcp(4000, 80)
                   .Seq(7)
                   .Ack(9)
                   .Window(11)
                   .Payload("hello")
                   .Build());
    v6_ = Text(Packet()
                   .Ipv6("2001:db8::1", "2001:db8::2")
                   .Tcp(4000, 80)
                   .Flags(kTcpSyn)
                   .Build());
    const std::string capture = mosd::dataplane::WriteFile(
        dir_ / "two.pcap", Classic()
                               .Header()
                               .Frame(1'700'000'000, 5'000, v4_, 100)
                               .Frame(1'700'000'001, 0, v6_)
                               .text);
    ASSERT_EQ(mos_start(Configuration("pcap:" + capture).c_str()), 0)
        << mos_error();
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(30);
    // A flow is there a moment before its first frame is.
    while (!HasLastPacket()) {
      ASSERT_TRUE(errno == ENOENT || errno == ENODATA) << errno;
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  static bool HasLastPacket() {
    uint64_t flow = 0;
    pkt_info info;
    return Find(Ipv6("2001:db8::1", 4000), Ipv6("2001:db8::2", 80), &flow) ==
               0 &&
           mos_getlastpkt_r(flow, MOS_SIDE_CLI, nullptr, 0, &info) >= 0;
  }

  mosd::testing::TempDir dir_;
  std::string v4_;
  std::string v6_;
};

TEST_F(MosExtTest, CopiesALastPacket) {
  StartOnCapture();
  uint64_t flow = 0;
  ASSERT_EQ(Find(Ipv4("10.0.0.2", 80), Ipv4("10.0.0.1", 4000), &flow), 0);
  std::vector<char> frame(2000);
  pkt_info info;
  ASSERT_EQ(
      mos_getlastpkt_r(flow, MOS_SIDE_CLI, frame.data(), frame.size(), &info),
      static_cast<ssize_t>(v4_.size()));
  EXPECT_EQ(std::string(frame.data(), v4_.size()), v4_);
  EXPECT_EQ(info.cur_ts, static_cast<uint32_t>(1'700'000'000'005));
  EXPECT_EQ(info.in_ifidx, 0);
  EXPECT_EQ(info.eth_len, 100);
  EXPECT_EQ(info.ip_len, 45);
  EXPECT_EQ(info.payloadlen, 5);
  EXPECT_EQ(info.seq, 7u);
  EXPECT_EQ(info.ack_seq, 9u);
  EXPECT_EQ(info.window, 11);
  EXPECT_EQ(info.ethh, reinterpret_cast<ethhdr*>(frame.data()));
  EXPECT_EQ(info.iph, reinterpret_cast<iphdr*>(frame.data() + 18));
  EXPECT_EQ(info.tcph, reinterpret_cast<tcphdr*>(frame.data() + 38));
  EXPECT_EQ(std::memcmp(info.payload, "hello", 5), 0);
}

TEST_F(MosExtTest, PointsNowhereBeyondTheCopy) {
  StartOnCapture();
  uint64_t flow = 0;
  ASSERT_EQ(Find(Ipv6("2001:db8::1", 4000), Ipv6("2001:db8::2", 80), &flow), 0);
  char frame[30];
  pkt_info info;
  EXPECT_EQ(mos_getlastpkt_r(flow, MOS_SIDE_CLI, frame, sizeof(frame), &info),
            static_cast<ssize_t>(v6_.size()));
  EXPECT_EQ(*reinterpret_cast<const uint8_t*>(info.iph) >> 4, 6);
  EXPECT_EQ(info.tcph, nullptr);
  EXPECT_EQ(info.payload, nullptr);
  EXPECT_EQ(mos_getlastpkt_r(flow, MOS_SIDE_CLI, nullptr, 0, &info),
            static_cast<ssize_t>(v6_.size()));
  EXPECT_EQ(info.ethh, nullptr);
}

TEST_F(MosExtTest, RefusesEveryMistakeByItsErrno) {
  StartOnCapture();
  const sockaddr_in a = Ipv4("10.0.0.1", 4000);
  const sockaddr_in b = Ipv4("10.0.0.2", 80);
  uint64_t flow = 0;
  ASSERT_EQ(Find(a, b, &flow), 0);
  char frame[100];
  pkt_info info;
  const auto fails = [](auto result, int error) {
    return result == -1 && errno == error;
  };
  EXPECT_TRUE(
      fails(mos_getlastpkt_r(flow, MOS_SIDE_SVR, frame, 100, &info), ENODATA));
  EXPECT_TRUE(
      fails(mos_getlastpkt_r(0, MOS_SIDE_CLI, frame, 100, &info), EBADF));
  EXPECT_TRUE(fails(
      mos_getlastpkt_r(UINT64_MAX, MOS_SIDE_CLI, frame, 100, &info), EBADF));
  for (const int side : {-1, 2, INT32_MAX}) {
    EXPECT_TRUE(fails(mos_getlastpkt_r(flow, side, frame, 100, &info), EINVAL));
  }
  EXPECT_TRUE(
      fails(mos_getlastpkt_r(flow, MOS_SIDE_CLI, frame, 100, nullptr), EINVAL));
  EXPECT_TRUE(
      fails(mos_getlastpkt_r(flow, MOS_SIDE_CLI, nullptr, 1, &info), EINVAL));
  EXPECT_TRUE(fails(Find(a, Ipv4("10.0.0.2", 81), &flow), ENOENT));
  EXPECT_TRUE(fails(Find(a, Ipv6("2001:db8::2", 80), &flow), EINVAL));
  EXPECT_TRUE(fails(Find(a, sockaddr_in{}, &flow), EINVAL));
  EXPECT_TRUE(fails(
      mos_find_flow(nullptr, reinterpret_cast<const sockaddr*>(&b), &flow),
      EINVAL));
  EXPECT_TRUE(fails(Find(a, b, nullptr), EINVAL));
  EXPECT_TRUE(fails(mos_start((dir_ / "mosd.yaml").c_str()), EBUSY));
}

TEST_F(MosExtTest, SaysWhyItDoesNotStart) {
  EXPECT_EQ(mos_start(nullptr), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(mos_start((dir_ / "none.yaml").c_str()), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_NE(std::string(mos_error()).find("none.yaml"), std::string::npos);
  const std::string path = dir_ / "bad.yaml";
  std::ofstream(path) << "dataplane:\n  wrokers: 1\n";
  EXPECT_EQ(mos_start(path.c_str()), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_NE(std::string(mos_error()).find("bad.yaml:2"), std::string::npos)
      << mos_error();
  EXPECT_EQ(mos_start(Configuration("pcap:/nonexistent/x.pcap").c_str()), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(MosExtTest, AnswersWhenNothingRuns) {
  uint64_t flow = 1;
  char frame[100];
  pkt_info info;
  mos_stop();
  EXPECT_EQ(mos_getlastpkt_r(1, MOS_SIDE_CLI, frame, 100, &info), -1);
  EXPECT_EQ(errno, EACCES);
  EXPECT_EQ(Find(Ipv4("10.0.0.1", 1), Ipv4("10.0.0.2", 2), &flow), -1);
  EXPECT_EQ(errno, EACCES);
  // And again after a life.
  StartOnCapture();
  mos_stop();
  EXPECT_EQ(mos_getlastpkt_r(1, MOS_SIDE_CLI, frame, 100, &info), -1);
  EXPECT_EQ(errno, EACCES);
}

}  // namespace
