// Contexts: their lives, timers, calls of other threads.
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include "mtcp_util.h"
#include "tests/unit/api/mos_program.h"

namespace mosd::testing {
namespace {

class MtcpContextTest : public MosProgram {};

// Where a signal handler finds it.
std::atomic<mctx_t> signalled{nullptr};

TEST_F(MtcpContextTest, NothingIsMissedByWhoRegistersBeforeJoining) {
  Handshake();
  ASSERT_TRUE(Init());
  const mctx_t mctx = mtcp_create_context(0);
  ASSERT_NE(mctx, nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  int starts = 0;
  Watch(mctx, MOS_ON_CONN_START, [&](const Call&) { ++starts; });
  mtcp_app_join(mctx);
  EXPECT_EQ(starts, 2);
}

TEST_F(MtcpContextTest, JoinReturnsWhenASignalHandlerDestroysTheContext) {
  appliance_ = "  exit_on_eof: false\n";
  Handshake();
  int ends = 0;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_CONN_END, [&](const Call&) { ++ends; });
    signalled = mctx;
    mtcp_register_signal(SIGALRM,
                         [](int) { mtcp_destroy_context(signalled.load()); });
    alarm(1);
  });
  EXPECT_EQ(ends, 4) << "flows that are open end with the context";
}

TEST_F(MtcpContextTest, TimersFireOnceByTheClockOfTheCapture) {
  Handshake();
  Wait(5);
  Handshake(50000);
  Wait(5);
  Handshake(60000);
  std::vector<int> fired;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      EXPECT_EQ(call.side, 0);
      EXPECT_EQ(call.event, event_t{MOS_NULL_EVENT});
      fired.push_back(call.socket);
      if (call.socket != 1) return;
      timeval more{4, 0};
      EXPECT_EQ(mtcp_settimer(call.mctx, 4, &more, &Forward), 0);
    };
    timeval three{3, 0};
    timeval one{1, 0};
    timeval hour{3600, 0};
    EXPECT_EQ(mtcp_settimer(mctx, 3, &three, &Forward), 0);
    EXPECT_EQ(mtcp_settimer(mctx, 1, &one, &Forward), 0);
    EXPECT_EQ(mtcp_settimer(mctx, 9, &hour, &Forward), 0);
  });
  EXPECT_THAT(fired, ::testing::ElementsAre(1, 3, 4));
}

TEST_F(MtcpContextTest, TimeIsThatOfThePacket) {
  Handshake();
  std::vector<uint32_t> times;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
      if (call.side == MOS_SIDE_CLI) times.push_back(mtcp_cb_get_ts(call.mctx));
    });
  });
  ASSERT_EQ(times.size(), 3u);
  EXPECT_EQ(times[0],
            static_cast<uint32_t>(uint64_t{kFirstSecond} * 1'000'000));
  EXPECT_EQ(times[1] - times[0], 1'000u);
}

TEST_F(MtcpContextTest, OtherThreadsOpenAndCloseWhileItRuns) {
  appliance_ = "  exit_on_eof: false\n";
  for (uint16_t port = 1; port < 200; ++port) Handshake(port);
  Run([&](mctx_t mctx) {
    on_call_ = [](const Call&) {};
    std::thread([mctx] {
      for (int i = 0; i < 200; ++i) {
        const int socket =
            mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
        ASSERT_GE(socket, 0);
        ASSERT_EQ(mtcp_register_callback(mctx, socket, MOS_ON_PKT_IN,
                                         MOS_HK_SND, &Forward),
                  0);
        ASSERT_EQ(mtcp_close(mctx, socket), 0);
      }
      mtcp_destroy_context(mctx);
    }).join();
  });
}

TEST_F(MtcpContextTest, ConnectionsAreCounted) {
  appliance_ = "  exit_on_eof: false\n";
  Handshake();
  Handshake(50000);
  uint32_t count = 0;
  std::thread asks;
  Run([&](mctx_t mctx) {
    asks = std::thread([&count, mctx] {
      for (int i = 0; i < 1000 && count != 2; ++i) {
        count = mtcp_get_connection_cnt(mctx);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      mtcp_destroy_context(mctx);
    });
  });
  asks.join();
  EXPECT_EQ(count, 2u);
}

// Counts on whichever context's thread.
std::atomic<int> started{0};
std::atomic<int> misplaced{0};

void CountStart(mctx_t mctx, int socket, int, event_t, filter_arg_t*) {
  ++started;
  sockaddr_in both[2];
  socklen_t length = sizeof(both);
  if (mtcp_getpeername(mctx, socket, reinterpret_cast<sockaddr*>(both), &length,
                       MOS_SIDE_BOTH) != 0 ||
      GetRSSCPUCore(both[0].sin_addr.s_addr, both[1].sin_addr.s_addr,
                    both[0].sin_port, both[1].sin_port, 2) != mctx->cpu) {
    ++misplaced;
  }
}

TEST_F(MtcpContextTest, TwoContextsShareTheFlowsAndMissNone) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  core_mask_ = "0x3";
  for (uint16_t port = 1; port <= 500; ++port) Handshake(port);
  started = 0;
  misplaced = 0;
  ASSERT_TRUE(Init());
  std::vector<std::thread> threads;
  std::atomic<int> seen[2] = {0, 0};
  for (int core = 0; core < 2; ++core) {
    threads.emplace_back([&, core] {
      const mctx_t mctx = mtcp_create_context(core);
      ASSERT_NE(mctx, nullptr);
      const int socket = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
      EXPECT_EQ(mtcp_register_callback(mctx, socket, MOS_ON_CONN_START,
                                       MOS_HK_SND, &CountStart),
                0);
      mtcp_app_join(mctx);
      ++seen[core];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(started, 500);
  EXPECT_EQ(misplaced, 0) << "GetRSSCPUCore names another core";
  EXPECT_EQ(seen[0] + seen[1], 2);
}

TEST_F(MtcpContextTest, ACoreWithoutAContextHoldsNobodyUp) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  core_mask_ = "0x3";
  for (uint16_t port = 1; port <= 100; ++port) Handshake(port);
  started = 0;
  Run([](mctx_t mctx) {
    const int socket = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
    mtcp_register_callback(mctx, socket, MOS_ON_CONN_START, MOS_HK_SND,
                           &CountStart);
  });
  EXPECT_GT(started, 0);
  EXPECT_LT(started, 100);
}

TEST_F(MtcpContextTest, TheConfigurationMayBeChangedBeforeThereAreContexts) {
  Handshake();
  ASSERT_TRUE(Init());
  mtcp_conf conf;
  ASSERT_EQ(mtcp_getconf(&conf), 0);
  EXPECT_EQ(conf.tcp_timeout, 30);
  EXPECT_EQ(conf.rcvbuf_size, 8192);
  conf.max_concurrency = 77;
  conf.tcp_timeout = 5;
  ASSERT_EQ(mtcp_setconf(&conf), 0);
  ASSERT_EQ(mtcp_getconf(&conf), 0);
  EXPECT_EQ(conf.max_concurrency, 77);
  EXPECT_EQ(conf.tcp_timeout, 5);
  conf.num_cores = 0;
  EXPECT_EQ(mtcp_setconf(&conf), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(MtcpContextTest, OneProgramAfterTheOther) {
  Handshake();
  for (int i = 0; i < 3; ++i) {
    int starts = 0;
    Run([&](mctx_t mctx) {
      Watch(mctx, MOS_ON_CONN_START, [&](const Call&) { ++starts; });
    });
    EXPECT_EQ(starts, 2);
  }
}

}  // namespace
}  // namespace mosd::testing
