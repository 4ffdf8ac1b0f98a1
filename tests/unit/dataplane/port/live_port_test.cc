// Ports on interfaces of the kernel, in a network namespace of the test's own.
// Needs root, iproute2 and ethtool.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "tests/unit/dataplane/port/port_fixture.h"

namespace mosd::dataplane {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// An Ethernet frame of an IPv4 TCP segment, whose bytes say which one it is.
std::string Segment(uint32_t number, size_t length, uint16_t source_port = 1000,
                    uint16_t destination_port = 80) {
  std::string frame =
      std::string("\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00", 14) +
      std::string("\x45\0\0\0\0\0\x40\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02",
                  20);
  frame[16] = static_cast<char>((length - 14) >> 8);
  frame[17] = static_cast<char>(length - 14);
  for (const uint16_t port : {source_port, destination_port}) {
    frame += static_cast<char>(port >> 8);
    frame += static_cast<char>(port);
  }
  frame += std::string(reinterpret_cast<const char*>(&number), sizeof(number));
  frame += std::string("\0\0\0\0\x50\x10\xff\xff\0\0\0\0", 12);
  while (frame.size() < length) frame += static_cast<char>(frame.size() * 7);
  return frame;
}

// The same, in a VLAN.
std::string Tagged(const std::string& frame, const std::string& tag) {
  return frame.substr(0, 12) + tag + frame.substr(12);
}

bool Shell(const std::string& command) {
  return std::system(("{ " + command + "; } > /dev/null 2>&1").c_str()) == 0;
}

class LivePortTest : public PortTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    home_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "needs a network namespace: " << std::strerror(errno);
    }
    // So that the kernel itself is silent.
    Shell("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    if (!Shell("ip link add out type veth peer name in")) {
      GTEST_SKIP() << "needs veth interfaces, and iproute2";
    }
    SetOffloads("off");
    ASSERT_TRUE(Shell("ip link set out up; ip link set in up"));
  }

  void TearDown() override {
    if (sender_ >= 0) close(sender_);
    if (home_ < 0) return;
    EXPECT_EQ(setns(home_, CLONE_NEWNET), 0);
    close(home_);
  }

  static void SetOffloads(const std::string& to) {
    for (const char* name : {"in", "out"}) {
      EXPECT_TRUE(Shell(std::string("ethtool -K ") + name + " tso " + to +
                        " gso " + to + " gro " + to + " tx " + to));
    }
  }

  // Sends into the other end of "in", or into another interface.
  void Send(const std::string& frame, const char* interface = "out") {
    if (sender_ < 0) {
      sender_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
      const int size = 1 << 22;
      setsockopt(sender_, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    }
    sockaddr_ll to = {};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    ASSERT_EQ(sendto(sender_, frame.data(), frame.size(), 0,
                     reinterpret_cast<sockaddr*>(&to), sizeof(to)),
              static_cast<ssize_t>(frame.size()))
        << std::strerror(errno);
  }

  // The next `count` frames, or what comes of them within a second.
  static std::vector<std::string> Receive(const Port& port, size_t count) {
    std::vector<std::string> all;
    PollUntil(
        port, [&](rte_mbuf* frame) { all.push_back(Taken(frame).bytes); },
        [&] { return all.size() >= count; }, milliseconds(1000));
    return all;
  }

  void ExpectCarries(const Port& port, const char* interface, size_t longest) {
    std::vector<std::string> sent;
    for (uint32_t i = 0; i < 200; ++i) {
      sent.push_back(Segment(i, 60 + i * (longest - 60) / 199));
      Send(sent.back(), interface);
      if (i % 50 == 49) {
        EXPECT_EQ(Receive(port, 50),
                  std::vector<std::string>(sent.end() - 50, sent.end()));
      }
    }
    const PortSnapshot snapshot = port.Snapshot();
    EXPECT_EQ(snapshot.rx_frames, 200U);
    EXPECT_EQ(snapshot.missed_frames, 0U);
    EXPECT_TRUE(snapshot.link_up);
  }

  int home_ = -1;
  int sender_ = -1;
};

TEST_F(LivePortTest, AfPacketGivesWhatWasSent) {
  auto port = Started({.device = "af_packet:in"});
  ASSERT_NE(port, nullptr);
  ExpectCarries(*port, "out", 1514);
  EXPECT_EQ(port->Snapshot().driver, "net_af_packet");
  port->Close();
  EXPECT_EQ(port->Snapshot().rx_frames, 200U);
}

TEST_F(LivePortTest, AfPacketSeesBothDirections) {
  auto port = Started({.device = "af_packet:in"});
  ASSERT_NE(port, nullptr);
  Send(Segment(1, 100), "out");
  Send(Segment(2, 100), "in");
  EXPECT_EQ(Receive(*port, 2).size(), 2U);
}

TEST_F(LivePortTest, AfPacketSpreadsByFlow) {
  auto port = Started({.device = "af_packet:in", .queues = 4});
  ASSERT_NE(port, nullptr);
  ASSERT_EQ(port->queues().size(), 4U);
  for (uint16_t flow = 0; flow < 64; ++flow) {
    for (uint32_t i = 0; i < 4; ++i) {
      Send(Segment(i, 100, static_cast<uint16_t>(1000 + flow)));
    }
  }
  std::map<uint16_t, std::set<uint16_t>> queues_of_flow;
  size_t taken = 0;
  const auto deadline = Clock::now() + milliseconds(1000);
  while (taken < 256 && Clock::now() < deadline) {
    for (const RxQueue& queue : port->queues()) {
      rte_mbuf* frame;
      if (rte_eth_rx_burst(queue.ethdev, queue.queue, &frame, 1) == 0) continue;
      ++taken;
      uint16_t source_port;
      std::memcpy(&source_port, rte_pktmbuf_mtod_offset(frame, char*, 34), 2);
      queues_of_flow[source_port].insert(queue.queue);
      rte_pktmbuf_free(frame);
    }
  }
  EXPECT_EQ(taken, 256U);
  EXPECT_EQ(queues_of_flow.size(), 64U);
  std::set<uint16_t> used;
  for (const auto& [flow, queues] : queues_of_flow) {
    EXPECT_EQ(queues.size(), 1U) << flow;
    used.merge(std::set<uint16_t>(queues));
  }
  EXPECT_EQ(used.size(), 4U);
  EXPECT_EQ(port->Snapshot().rx_frames, 256U);
}

TEST_F(LivePortTest, AfPacketCountsWhatItMissed) {
  for (const uint32_t queues : {1U, 2U}) {
    auto port =
        Started({.device = "af_packet:in,framecnt=64", .queues = queues});
    ASSERT_NE(port, nullptr);
    for (uint32_t i = 0; i < 1000; ++i) Send(Segment(i, 100));
    const size_t received = Receive(*port, 1000).size();
    EXPECT_GE(received, 64U);
    EXPECT_LT(received, 1000U);
    EXPECT_EQ(port->Snapshot().missed_frames, 1000 - received);
    // It is counted once, however often one looks, and also after the end.
    EXPECT_EQ(port->Snapshot().missed_frames, 1000 - received);
    port->Close();
    EXPECT_EQ(port->Snapshot().missed_frames, 1000 - received);
  }
}

TEST_F(LivePortTest, AfPacketKeepsVlanTags) {
  auto port = Started({.device = "af_packet:in"});
  ASSERT_NE(port, nullptr);
  const std::string customer("\x81\x00\x60\x64", 4);
  const std::vector<std::string> sent = {
      Segment(1, 1514), Tagged(Segment(2, 1514), customer),
      Tagged(Tagged(Segment(3, 100), customer), customer)};
  for (const std::string& frame : sent) Send(frame);
  EXPECT_EQ(Receive(*port, 3), sent);
  // The driver forgets which kind of tag the kernel took off.
  Send(Tagged(Tagged(Segment(4, 100), customer),
              std::string("\x88\xa8\0\xc8", 4)));
  EXPECT_EQ(Receive(*port, 1),
            std::vector{Tagged(Tagged(Segment(4, 100), customer),
                               std::string("\x81\x00\0\xc8", 4))});
}

TEST_F(LivePortTest, AfPacketTakesJumboFrames) {
  ASSERT_TRUE(Shell("ip link set in mtu 9000; ip link set out mtu 9000"));
  auto port = Started({.device = "af_packet:in"});
  ASSERT_NE(port, nullptr);
  EXPECT_GE(port->queues()[0].cut_at_bytes, 9022U);
  ExpectCarries(*port, "out", 9014);
}

TEST_F(LivePortTest, AfPacketSaysWhereItCuts) {
  ASSERT_TRUE(Shell("ip link set in mtu 65535; ip link set out mtu 65535"));
  auto port = Started({.device = "af_packet:in"});
  ASSERT_NE(port, nullptr);
  const uint32_t limit = port->queues()[0].cut_at_bytes;
  EXPECT_GT(limit, 65000U);
  const std::string longest_whole = Segment(1, limit);
  Send(longest_whole);
  const std::string too_long = Segment(2, 65535);
  Send(too_long);
  const auto received = Receive(*port, 2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0], longest_whole);
  EXPECT_GE(received[1].size(), limit);
  EXPECT_LT(received[1].size(), too_long.size());
  EXPECT_EQ(received[1], too_long.substr(0, received[1].size()));
}

TEST_F(LivePortTest, RingsFitWhatTheOffloadsMayDeliver) {
  EXPECT_LT((*Open({.device = "af_packet:in"}))->queues()[0].cut_at_bytes,
            2048U);
  SetOffloads("on");
  EXPECT_GT((*Open({.device = "af_packet:in"}))->queues()[0].cut_at_bytes,
            65000U);
}

TEST_F(LivePortTest, NothingFromBeforeTheStart) {
  for (const uint32_t queues : {1U, 3U}) {
    auto port = Open({.device = "af_packet:in", .queues = queues});
    ASSERT_TRUE(port.ok()) << port.status();
    for (uint32_t i = 0; i < 100; ++i) Send(Segment(i, 100));
    ASSERT_TRUE((*port)->Start().ok());
    EXPECT_EQ((*port)->Snapshot().rx_frames, 0U);
    Send(Segment(7, 200));
    EXPECT_EQ(Receive(**port, 1), std::vector{Segment(7, 200)});
    EXPECT_EQ((*port)->Snapshot().rx_frames, 1U);
  }
}

TEST_F(LivePortTest, PromiscuousWhileOpen) {
  for (const char* device : {"af_packet:in", "af_xdp:in"}) {
    auto port = Started({.device = device});
    ASSERT_NE(port, nullptr);
    EXPECT_FALSE(Shell("ip -d link show in | grep 'promiscuity 0'")) << device;
    port->Close();
    EXPECT_TRUE(Shell("ip -d link show in | grep 'promiscuity 0'")) << device;
    EXPECT_FALSE(Shell("ip link show in | grep PROMISC")) << device;
  }
}

TEST_F(LivePortTest, OnePortAnInterface) {
  for (const char* device : {"af_packet:in", "af_xdp:in", "tap:mosd0"}) {
    for (int i = 0; i < 3; ++i) {
      auto port = Started({.device = device});
      ASSERT_NE(port, nullptr);
      const auto second = Open({.device = device}, 1).status();
      EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
    }
  }
}

TEST_F(LivePortTest, AnInterfaceThatComesUpLater) {
  ASSERT_TRUE(Shell("ip link set in down"));
  auto port = Started({.device = "af_packet:in"});
  ASSERT_NE(port, nullptr);
  EXPECT_FALSE(port->Snapshot().link_up);
  ASSERT_TRUE(Shell("ip link set in up"));
  // The kernel finds out whether there is a carrier a moment later.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!port->Snapshot().link_up && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(port->Snapshot().link_up);
  Send(Segment(1, 100));
  EXPECT_EQ(Receive(*port, 1).size(), 1U);
}

TEST_F(LivePortTest, AnInterfaceThatVanishes) {
  for (const char* device : {"af_packet:in", "af_xdp:in"}) {
    auto port = Started({.device = device});
    ASSERT_NE(port, nullptr);
    Send(Segment(1, 100));
    EXPECT_EQ(Receive(*port, 1).size(), 1U);
    ASSERT_TRUE(Shell("ip link delete in"));
    EXPECT_EQ(Poll(*port, [](rte_mbuf*) {}), 0U);
    EXPECT_FALSE(port->Snapshot().link_up) << device;
    EXPECT_EQ(port->Snapshot().rx_frames, 1U) << device;
    port->Close();
    ASSERT_TRUE(
        Shell("ip link add out type veth peer name in && "
              "ip link set out up && ip link set in up"));
  }
}

TEST_F(LivePortTest, AfXdpGivesWhatWasSent) {
  auto port = Started({.device = "af_xdp:in"});
  ASSERT_NE(port, nullptr);
  ExpectCarries(*port, "out", 1514);
  EXPECT_EQ(port->Snapshot().driver, "net_af_xdp");
}

TEST_F(LivePortTest, AfXdpDoesNotMissQueuesSilently) {
  ASSERT_TRUE(
      Shell("ip link add two numrxqueues 2 numtxqueues 2 type veth peer "
            "name other numrxqueues 2 numtxqueues 2"));
  Shell("ethtool -L two rx 2");
  const auto status = Open({.device = "af_xdp:two"}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("ethtool -L two"));
}

TEST_F(LivePortTest, Tap) {
  for (int i = 0; i < 3; ++i) {
    auto port = Started({.device = "tap:mosd0", .queues = 2});
    ASSERT_NE(port, nullptr);
    ASSERT_TRUE(Shell("ip link set mosd0 up"));
    ExpectCarries(*port, "mosd0", 1514);
    port->Close();
    EXPECT_FALSE(Shell("ip link show mosd0"));
  }
  const auto taken = Open({.device = "tap:in"}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(taken)) << taken;
}

TEST_F(LivePortTest, WithoutRights) {
  // Capabilities belong to a thread; this one's end with it.
  std::thread([] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    ASSERT_EQ(syscall(SYS_capset, &header, none), 0);
    for (const char* device : {"af_packet:in", "af_xdp:in"}) {
      const auto status = Open({.device = device}).status();
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr("CAP_NET_RAW"));
    }
    const auto status = Open({.device = "tap:mosd0"}).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("CAP_NET_ADMIN"));
  }).join();
}

TEST_F(LivePortTest, WithTheRightsOfAWatcher) {
  std::thread([] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct raw[_LINUX_CAPABILITY_U32S_3] = {};
    raw[0].effective = raw[0].permitted = 1U << CAP_NET_RAW;
    ASSERT_EQ(syscall(SYS_capset, &header, raw), 0);
    const auto packet = Open({.device = "af_packet:in"}).status();
    EXPECT_TRUE(absl::IsPermissionDenied(packet)) << packet;
    EXPECT_THAT(std::string(packet.message()), HasSubstr("CAP_NET_ADMIN"));
    const auto status = Open({.device = "af_xdp:out"}, 1).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("CAP_BPF"));
  }).join();
}

}  // namespace
}  // namespace mosd::dataplane
