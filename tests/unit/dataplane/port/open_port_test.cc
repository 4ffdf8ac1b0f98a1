// Every kind of device that needs no rights: opened, used, refused.
#include <gmock/gmock.h>
#include <rte_ring.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/port/port_fixture.h"

namespace mosd::dataplane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class OpenPortTest : public PortTest {
 protected:
  static absl::Status ErrorOf(const std::string& device) {
    return Open({.device = device}).status();
  }
};

TEST_F(OpenPortTest, ErrorsNameTheDevice) {
  for (const char* device :
       {"pigeon:eth0", "af_packet:nope0", "af_xdp:nope0", "ring:nope",
        "memif:/nonexistent/m.sock", "pcap:/nonexistent/x.pcap", "dpdk31"}) {
    EXPECT_THAT(std::string(ErrorOf(device).message()), StartsWith(device));
  }
  EXPECT_THAT(std::string(ErrorOf("").message()), StartsWith("\"\": "));
  EXPECT_THAT(std::string(ErrorOf("tap:a\nb").message()),
              StartsWith("tap:a\\nb: "));
}

TEST_F(OpenPortTest, WhatIsNotThere) {
  EXPECT_TRUE(absl::IsNotFound(ErrorOf("af_packet:nope0")));
  EXPECT_TRUE(absl::IsNotFound(ErrorOf("af_xdp:nope0")));
  EXPECT_TRUE(absl::IsNotFound(ErrorOf("ring:nope")));
  EXPECT_TRUE(absl::IsNotFound(ErrorOf("dpdk31")));
  EXPECT_TRUE(absl::IsNotFound(ErrorOf("memif:/nonexistent/m.sock")));
  EXPECT_TRUE(absl::IsInvalidArgument(ErrorOf("pigeon:eth0")));
}

TEST_F(OpenPortTest, OnlyCapturesLoop) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      Open({.device = "null:", .loop = true}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Open({.device = "null:", .pace = CapturePace::kTimestamps}).status()));
}

TEST_F(OpenPortTest, Null) {
  auto port = Started({.device = "null:size=200,copy=1", .queues = 2});
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->queues().size(), 2U);
  EXPECT_FALSE(port->is_capture());
  EXPECT_FALSE(port->queues()[1].stamped);
  EXPECT_EQ(port->queues()[1].queue, 1);
  EXPECT_EQ(port->queues()[0].cut_at_bytes, kUncut);
  EXPECT_EQ(Poll(*port, [](rte_mbuf* f) { EXPECT_EQ(f->pkt_len, 200U); }), 64U);
  const PortSnapshot snapshot = port->Snapshot();
  EXPECT_EQ(snapshot.driver, "net_null");
  EXPECT_EQ(snapshot.device, "null:size=200,copy=1");
  EXPECT_EQ(snapshot.rx_queues, 2U);
  EXPECT_EQ(snapshot.rx_frames, 64U);
  EXPECT_TRUE(snapshot.link_up);
  uint64_t frames;
  EXPECT_FALSE(port->exhausted(&frames));
  port->Halt();
  port->Close();
  EXPECT_EQ(port->Snapshot().rx_frames, 64U);
  EXPECT_FALSE(port->Snapshot().link_up);
}

TEST_F(OpenPortTest, ArgumentsThatTheDriverDoesNotKnow) {
  const auto status = ErrorOf("null:colour=blue");
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("colour=blue"));
  // Nothing of it is left.
  EXPECT_TRUE(ErrorOf("null:").ok());
}

TEST_F(OpenPortTest, TooManyQueues) {
  for (const char* device : {"null:", "memif:/tmp/mosd-test.sock"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        Open({.device = device, .queues = 64}).status()));
  }
}

TEST_F(OpenPortTest, AgainAndAgain) {
  for (int i = 0; i < 30; ++i) {
    auto port = Started({.device = "null:"}, static_cast<uint8_t>(i % 3));
    ASSERT_NE(port, nullptr);
    EXPECT_GT(Poll(*port, [](rte_mbuf*) {}), 0U);
  }
}

TEST_F(OpenPortTest, LookedAtWhileItIsClosed) {
  for (int i = 0; i < 20; ++i) {
    auto port = Started({.device = "null:"});
    ASSERT_NE(port, nullptr);
    std::atomic<bool> stop = false;
    std::thread other([&] {
      uint64_t last = 0;
      while (!stop) {
        const uint64_t now = port->Snapshot().rx_frames;
        EXPECT_GE(now, last);
        last = now;
      }
    });
    for (int polls = 0; polls < 100; ++polls) Poll(*port, [](rte_mbuf*) {});
    port->Close();
    stop = true;
    other.join();
    EXPECT_EQ(port->Snapshot().rx_frames, 3200U);
  }
}

TEST_F(OpenPortTest, Ring) {
  rte_ring* ring = rte_ring_create("mosd_test_ring", 64, SOCKET_ID_ANY, 0);
  ASSERT_NE(ring, nullptr);
  rte_mempool* pool =
      rte_pktmbuf_pool_create("mosd_test_pool", 63, 0, 0, 512, SOCKET_ID_ANY);
  ASSERT_NE(pool, nullptr);
  for (int i = 0; i < 3; ++i) {
    auto port = Started({.device = "ring:mosd_test_ring"});
    ASSERT_NE(port, nullptr);
    const auto second = Open({.device = "ring:mosd_test_ring"}, 1).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
    rte_mbuf* frame = rte_pktmbuf_alloc(pool);
    rte_pktmbuf_append(frame, 60);
    ASSERT_EQ(rte_ring_enqueue(ring, frame), 0);
    EXPECT_EQ(Poll(*port, [&](rte_mbuf* f) { EXPECT_EQ(f, frame); }), 1U);
    EXPECT_EQ(port->Snapshot().rx_frames, 1U);
    port->Close();
  }
  EXPECT_EQ(rte_mempool_avail_count(pool), 63U);
  rte_mempool_free(pool);
  rte_ring_free(ring);
}

TEST_F(OpenPortTest, OneDeviceByTwoNames) {
  auto port = Started({.device = "null:"});
  ASSERT_NE(port, nullptr);
  const std::string alias = "dpdk" + std::to_string(port->queues()[0].ethdev);
  const auto second = Open({.device = alias}, 1).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_GT(Poll(*port, [](rte_mbuf*) {}), 0U);
}

TEST_F(OpenPortTest, APortThatDpdkHasStaysWithDpdk) {
  ASSERT_EQ(rte_eal_hotplug_add("vdev", "net_null_kept", "size=99"), 0);
  uint16_t id;
  ASSERT_EQ(rte_eth_dev_get_port_by_name("net_null_kept", &id), 0);
  const std::string device = "dpdk" + std::to_string(id);
  for (int i = 0; i < 3; ++i) {
    auto port = Started({.device = device});
    ASSERT_NE(port, nullptr);
    const auto second = Open({.device = device}, 1).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
    EXPECT_GT(Poll(*port, [](rte_mbuf* f) { EXPECT_EQ(f->pkt_len, 99U); }), 0U);
  }
  EXPECT_TRUE(rte_eth_dev_is_valid_port(id));
  EXPECT_EQ(rte_eal_hotplug_remove("vdev", "net_null_kept"), 0);
  EXPECT_TRUE(absl::IsNotFound(ErrorOf(device)));
}

class MemifTest : public OpenPortTest {
 protected:
  // As another program binds it; not listening, it is what a dead one leaves.
  int Bind(int type, bool listening) const {
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0);
    if (listening) {
      EXPECT_EQ(listen(fd, 1), 0);
    }
    return fd;
  }

  testing::TempDir folder_;
  const std::string path_ = folder_ / "m.sock";
  const PortOptions options_ = {.device = "memif:" + path_};
};

TEST_F(MemifTest, ReplacesAStaleSocket) {
  for (int i = 0; i < 3; ++i) {
    close(Bind(SOCK_SEQPACKET, true));
    auto port = Started(options_);
    ASSERT_NE(port, nullptr);
    EXPECT_EQ(Poll(*port, [](rte_mbuf*) {}), 0U);
    EXPECT_FALSE(port->Snapshot().link_up);
    port->Close();
    EXPECT_NE(access(path_.c_str(), F_OK), 0);
  }
}

TEST_F(MemifTest, LeavesOthersAlone) {
  for (const int type : {SOCK_SEQPACKET, SOCK_STREAM, SOCK_DGRAM}) {
    const int fd = Bind(type, type != SOCK_DGRAM);
    const auto status = Open(options_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(access(path_.c_str(), F_OK), 0);
    close(fd);
    unlink(path_.c_str());
  }
  std::ofstream(path_) << "precious";
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(options_).status()));
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(MemifTest, OneServerOfASocket) {
  auto port = Started(options_);
  ASSERT_NE(port, nullptr);
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(options_, 1).status()));
  // Another spelling of it: nobody told us, but the socket is served.
  const auto status =
      Open({.device = "memif:" + (folder_ / "./m.sock")}, 1).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  port->Close();
}

TEST(Eal, ServesLaterStartsThatNeedNoMore) {
  DataplaneOptions options;
  options.hugepages = Hugepages::kOff;  // which may be as many as it takes
  ASSERT_TRUE(StartEal(options).ok());
  options.packet_buffers = 4096;
  EXPECT_TRUE(StartEal(options).ok());
  options.ports = {{.device = "0000:03:00.0"}};
  const auto pci = StartEal(options);
  EXPECT_TRUE(absl::IsFailedPrecondition(pci)) << pci;
  options.ports = {{.device = "null:"}};
  options.packet_buffers = 16'777'216;
  const auto memory = StartEal(options);
  EXPECT_TRUE(absl::IsFailedPrecondition(memory)) << memory;
}

TEST(Eal, LeavesTheCallerItsProcessors) {
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  ASSERT_TRUE(StartEal(DataplaneOptions()).ok());
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace mosd::dataplane
