// Mistakes of the caller: each function, each argument, each moment. All of
// them are errnos, and none is a crash.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/api/mos_program.h"

namespace mosd::testing {
namespace {

template <typename Function>
int ErrnoOf(Function function) {
  errno = 0;
  return function() < 0 ? errno : 0;
}

constexpr int kNoSocket = 987654;
constexpr int kSockets[] = {-1, INT_MIN, INT_MAX, 7, 1023, 1024, kNoSocket};

class MtcpErrorsTest : public MosProgram {
 protected:
  // Runs `check(mctx, listener, raw, flow socket)` in the first callback of a
  // flow, on the context's own thread.
  using Check = std::function<void(mctx_t, int, int, int)>;
  void InCallback(const Check& check) {
    Handshake();
    Add(C, "PA", 1001, 5001, "hello");
    bool checked = false;
    Run([&](mctx_t mctx) {
      const int raw = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_RAW, 0);
      listener_ = Watch(mctx, MOS_ON_CONN_NEW_DATA, [&, raw](const Call& call) {
        check(call.mctx, listener_, raw, call.socket);
        checked = true;
      });
    });
    EXPECT_TRUE(checked);
  }

  int listener_ = -1;
};

TEST_F(MtcpErrorsTest, InitSaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(ErrnoOf([] { return mtcp_init(nullptr); }), EINVAL);
  EXPECT_EQ(ErrnoOf([] { return mtcp_init("/nowhere/mos.conf"); }), ENOENT);
  EXPECT_EQ(ErrnoOf([&] { return mtcp_init((dir_ / "").c_str()); }), EINVAL);
}

TEST_F(MtcpErrorsTest, NothingWorksBeforeInitAndAfterDestroy) {
  mtcp_context foreign{0};
  Handshake();
  mctx_t ended = nullptr;
  Run([&](mctx_t mctx) { ended = mctx; });
  for (const mctx_t mctx :
       {mctx_t{nullptr}, &foreign, reinterpret_cast<mctx_t>(UINTPTR_MAX), ended,
        ended + 1, ended + 1000,
        reinterpret_cast<mctx_t>(reinterpret_cast<char*>(ended) + 1)}) {
    timeval second{1, 0};
    pkt_info info;
    char bytes[8];
    int value = 0;
    socklen_t length = sizeof(value);
    const auto expect = [](int error) { EXPECT_EQ(error, EACCES); };
    expect(ErrnoOf([&] {
      return mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
    }));
    expect(ErrnoOf([&] { return mtcp_close(mctx, 0); }));
    expect(ErrnoOf([&] { return mtcp_destroy_context(mctx); }));
    expect(ErrnoOf([&] { return mtcp_bind_monitor_filter(mctx, 0, nullptr); }));
    expect(ErrnoOf([&] {
      return mtcp_register_callback(mctx, 0, MOS_ON_PKT_IN, MOS_HK_SND,
                                    &Forward);
    }));
    expect(ErrnoOf([&] { return mtcp_raise_event(mctx, 1); }));
    expect(ErrnoOf([&] { return mtcp_peek(mctx, 0, 0, bytes, 1); }));
    expect(ErrnoOf([&] { return mtcp_ppeek(mctx, 0, 0, bytes, 1, 0); }));
    expect(ErrnoOf([&] { return mtcp_getlastpkt(mctx, 0, 0, &info); }));
    expect(ErrnoOf([&] { return mtcp_settimer(mctx, 0, &second, &Forward); }));
    expect(ErrnoOf([&] {
      return mtcp_getsockopt(mctx, 0, SOL_MONSOCKET, MOS_TCP_STATE_CLI, &value,
                             &length);
    }));
    expect(ErrnoOf([&] {
      return mtcp_setsockopt(mctx, 0, SOL_MONSOCKET, MOS_CLIBUF, &value,
                             sizeof(value));
    }));
    errno = 0;
    mtcp_set_uctx(mctx, 0, nullptr);
    expect(errno);
    errno = 0;
    EXPECT_EQ(mtcp_get_uctx(mctx, 0), nullptr);
    expect(errno);
    errno = 0;
    EXPECT_EQ(mtcp_get_connection_cnt(mctx), 0u);
    expect(errno);
    errno = 0;
    EXPECT_EQ(mtcp_cb_get_ts(mctx), 0u);
    expect(errno);
    errno = 0;
    mtcp_app_join(mctx);
    expect(errno);
  }
  errno = 0;
  EXPECT_EQ(mtcp_create_context(0), nullptr);
  EXPECT_EQ(errno, EACCES);
}

TEST_F(MtcpErrorsTest, InitTwiceAndContextsThatAreNotThere) {
  Handshake();
  ASSERT_TRUE(Init());
  EXPECT_EQ(ErrnoOf([&] { return mtcp_init((dir_ / "mos.conf").c_str()); }),
            EBUSY);
  for (const int cpu : {-1, 1, 64, INT_MAX, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(mtcp_create_context(cpu), nullptr) << cpu;
    EXPECT_EQ(errno, EINVAL);
  }
  const mctx_t mctx = mtcp_create_context(0);
  ASSERT_NE(mctx, nullptr);
  errno = 0;
  EXPECT_EQ(mtcp_create_context(0), nullptr);
  EXPECT_EQ(errno, EEXIST);
  mtcp_conf conf;
  EXPECT_EQ(ErrnoOf([] { return mtcp_getconf(nullptr); }), EINVAL);
  EXPECT_EQ(ErrnoOf([] { return mtcp_setconf(nullptr); }), EINVAL);
  ASSERT_EQ(mtcp_getconf(&conf), 0);
  EXPECT_EQ(conf.num_cores, 1);
  EXPECT_EQ(ErrnoOf([&] { return mtcp_setconf(&conf); }), EBUSY)
      << "there is a context";
  EXPECT_EQ(ErrnoOf([] { return mtcp_core_affinitize(-1); }), EINVAL);
  EXPECT_EQ(ErrnoOf([] { return mtcp_core_affinitize(CPU_SETSIZE); }), EINVAL);
}

TEST_F(MtcpErrorsTest, OtherThreadsMayNotMakeTheCallsOfCallbacks) {
  Handshake();
  Run([&](mctx_t mctx) {
    const int socket = Watch(mctx, MOS_ON_PKT_IN, [](const Call&) {});
    pkt_info info;
    char bytes[8];
    int value = 0;
    socklen_t length = sizeof(value);
    sockaddr_storage address[2];
    socklen_t address_length = sizeof(address);
    EXPECT_EQ(ErrnoOf([&] { return mtcp_raise_event(mctx, 1); }), EPERM);
    EXPECT_EQ(ErrnoOf([&] { return mtcp_peek(mctx, socket, 0, bytes, 1); }),
              EPERM);
    EXPECT_EQ(ErrnoOf([&] { return mtcp_ppeek(mctx, socket, 0, bytes, 1, 0); }),
              EPERM);
    EXPECT_EQ(ErrnoOf([&] { return mtcp_getlastpkt(mctx, socket, 0, &info); }),
              EPERM);
    EXPECT_EQ(ErrnoOf([&] {
                return mtcp_getsockopt(mctx, socket, SOL_MONSOCKET,
                                       MOS_TCP_STATE_CLI, &value, &length);
              }),
              EPERM);
    EXPECT_EQ(ErrnoOf([&] {
                return mtcp_getpeername(mctx, socket,
                                        reinterpret_cast<sockaddr*>(address),
                                        &address_length, 0);
              }),
              EPERM);
    errno = 0;
    mtcp_set_uctx(mctx, socket, nullptr);
    EXPECT_EQ(errno, EPERM);
    errno = 0;
    EXPECT_EQ(mtcp_cb_get_ts(mctx), 0u);
    EXPECT_EQ(errno, EPERM);
  });
}

TEST_F(MtcpErrorsTest, SocketsThatAreNot) {
  InCallback([](mctx_t mctx, int, int, int) {
    pkt_info info;
    char bytes[8];
    int value = 0;
    socklen_t length = sizeof(value);
    for (const int socket : kSockets) {
      // One of them may be the flow's own.
      if (mtcp_getlastpkt(mctx, socket, 0, &info) == 0) continue;
      EXPECT_EQ(errno, EBADF);
      EXPECT_EQ(ErrnoOf([&] { return mtcp_close(mctx, socket); }), EBADF);
      EXPECT_EQ(ErrnoOf([&] { return mtcp_peek(mctx, socket, 0, bytes, 1); }),
                EBADF);
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_ppeek(mctx, socket, 0, bytes, 1, 0); }),
          EBADF);
      EXPECT_EQ(ErrnoOf([&] {
                  return mtcp_getsockopt(mctx, socket, SOL_MONSOCKET,
                                         MOS_TCP_STATE_CLI, &value, &length);
                }),
                EBADF);
      EXPECT_EQ(ErrnoOf([&] {
                  return mtcp_setsockopt(mctx, socket, SOL_MONSOCKET,
                                         MOS_CLIBUF, &value, sizeof(value));
                }),
                EBADF);
      EXPECT_EQ(ErrnoOf([&] {
                  return mtcp_register_callback(mctx, socket, MOS_ON_PKT_IN,
                                                MOS_HK_SND, &Forward);
                }),
                EBADF);
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_bind_monitor_filter(mctx, socket, {}); }),
          EBADF);
      errno = 0;
      mtcp_set_uctx(mctx, socket, nullptr);
      EXPECT_EQ(errno, EBADF);
    }
  });
}

TEST_F(MtcpErrorsTest, SocketsOfTheWrongType) {
  InCallback([](mctx_t mctx, int listener, int raw, int flow) {
    char bytes[8];
    int value = 0;
    socklen_t length = sizeof(value);
    sockaddr_storage address[2];
    socklen_t address_length = sizeof(address);
    for (const int socket : {listener, raw}) {
      EXPECT_EQ(ErrnoOf([&] { return mtcp_peek(mctx, socket, 0, bytes, 1); }),
                ENOTSOCK);
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_ppeek(mctx, socket, 0, bytes, 1, 0); }),
          ESOCKTNOSUPPORT);
      EXPECT_EQ(ErrnoOf([&] {
                  return mtcp_getsockopt(mctx, socket, SOL_MONSOCKET,
                                         MOS_TCP_STATE_CLI, &value, &length);
                }),
                ENOTSOCK);
      EXPECT_EQ(ErrnoOf([&] {
                  return mtcp_getpeername(mctx, socket,
                                          reinterpret_cast<sockaddr*>(address),
                                          &address_length, 0);
                }),
                ENOTCONN);
      value = MOS_SIDE_BOTH;
      EXPECT_EQ(ErrnoOf([&] {
                  return mtcp_setsockopt(mctx, socket, SOL_MONSOCKET,
                                         MOS_STOP_MON, &value, sizeof(value));
                }),
                EPERM);
      pkt_info info;
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_getlastpkt(mctx, socket, 0, &info); }),
          ENODATA)
          << "no packet is being processed";
    }
    monitor_filter filter{};
    EXPECT_EQ(
        ErrnoOf([&] { return mtcp_bind_monitor_filter(mctx, flow, &filter); }),
        ENOPROTOOPT);
    EXPECT_EQ(mtcp_bind_monitor_filter(mctx, listener, nullptr), 0);
  });
}

TEST_F(MtcpErrorsTest, ArgumentsOfTheStream) {
  InCallback([](mctx_t mctx, int, int, int flow) {
    char bytes[8];
    for (const int side : {-1, 2, INT_MAX, INT_MIN}) {
      EXPECT_EQ(ErrnoOf([&] { return mtcp_peek(mctx, flow, side, bytes, 1); }),
                EINVAL);
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_ppeek(mctx, flow, side, bytes, 1, 0); }),
          EINVAL);
      pkt_info info;
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_getlastpkt(mctx, flow, side, &info); }),
          EINVAL);
    }
    EXPECT_EQ(ErrnoOf([&] { return mtcp_getlastpkt(mctx, flow, 0, nullptr); }),
              EINVAL);
    EXPECT_EQ(ErrnoOf([&] { return mtcp_peek(mctx, flow, 1, nullptr, 1); }),
              EINVAL);
    EXPECT_EQ(mtcp_peek(mctx, flow, 1, nullptr, 0), 0);
    EXPECT_EQ(mtcp_ppeek(mctx, flow, 1, bytes, 8, 3), 2) << "the last two";
    for (const uint64_t offset : {uint64_t{5}, UINT64_MAX}) {
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_ppeek(mctx, flow, 1, bytes, 8, offset); }),
          ENODATA);
    }
    EXPECT_EQ(mtcp_peek(mctx, flow, 1, bytes, SIZE_MAX), 5);
    EXPECT_EQ(mtcp_peek(mctx, flow, 1, bytes, 8), 0);
  });
}

TEST_F(MtcpErrorsTest, ArgumentsOfOptions) {
  InCallback([](mctx_t mctx, int listener, int, int flow) {
    int value = 0;
    socklen_t length = sizeof(value);
    const auto get = [&](int level, int name, void* to, socklen_t* size) {
      return ErrnoOf(
          [&] { return mtcp_getsockopt(mctx, flow, level, name, to, size); });
    };
    EXPECT_EQ(get(SOL_MONSOCKET, 0, &value, &length), ENOPROTOOPT);
    EXPECT_EQ(get(SOL_MONSOCKET, 99, &value, &length), ENOPROTOOPT);
    EXPECT_EQ(get(SOL_SOCKET, MOS_TCP_STATE_CLI, &value, &length), ENOPROTOOPT);
    EXPECT_EQ(get(SOL_MONSOCKET, MOS_TCP_STATE_CLI, nullptr, &length), EINVAL);
    EXPECT_EQ(get(SOL_MONSOCKET, MOS_TCP_STATE_CLI, &value, nullptr), EINVAL);
    for (const int name : {MOS_TCP_STATE_CLI, MOS_TCP_STATE_SVR, MOS_TIMESTAMP,
                           MOS_INFO_CLIBUF, MOS_INFO_SVRBUF}) {
      length = 3;
      EXPECT_EQ(get(SOL_MONSOCKET, name, &value, &length), EINVAL) << name;
    }
    const auto set = [&](int socket, int name, int number, socklen_t size) {
      return ErrnoOf([&] {
        return mtcp_setsockopt(mctx, socket, SOL_MONSOCKET, name, &number,
                               size);
      });
    };
    for (const int socket : {listener, flow}) {
      EXPECT_EQ(set(socket, 0, 0, sizeof(int)), ENOPROTOOPT);
      EXPECT_EQ(set(socket, MOS_CLIBUF, -1, sizeof(int)), EINVAL);
      EXPECT_EQ(set(socket, MOS_SVRBUF, INT_MAX, sizeof(int)), EINVAL);
      EXPECT_EQ(set(socket, MOS_SVRBUF, 1, 3), EINVAL);
      EXPECT_EQ(set(socket, MOS_CLIOVERLAP, 2, sizeof(int)), EINVAL);
      EXPECT_EQ(set(socket, MOS_SVROVERLAP, -1, sizeof(int)), EINVAL);
    }
    EXPECT_EQ(set(flow, MOS_STOP_MON, 3, sizeof(int)), EINVAL);
    EXPECT_EQ(set(flow, MOS_STOP_MON, -1, sizeof(int)), EINVAL);
    EXPECT_EQ(ErrnoOf([&] {
                return mtcp_setsockopt(mctx, flow, SOL_MONSOCKET, MOS_CLIBUF,
                                       nullptr, sizeof(int));
              }),
              EINVAL);
  });
}

TEST_F(MtcpErrorsTest, ArgumentsOfAddresses) {
  InCallback([](mctx_t mctx, int, int, int flow) {
    sockaddr_storage address[2];
    const auto get = [&](sockaddr_storage* to, socklen_t* length, int side) {
      return ErrnoOf([&] {
        return mtcp_getpeername(mctx, flow, reinterpret_cast<sockaddr*>(to),
                                length, side);
      });
    };
    socklen_t length = sizeof(address);
    EXPECT_EQ(get(nullptr, &length, MOS_SIDE_CLI), EINVAL);
    EXPECT_EQ(get(address, nullptr, MOS_SIDE_CLI), EINVAL);
    EXPECT_EQ(get(address, &length, 3), EINVAL);
    EXPECT_EQ(get(address, &length, -1), EINVAL);
    length = sizeof(sockaddr_in) - 1;
    EXPECT_EQ(get(address, &length, MOS_SIDE_CLI), EINVAL);
    EXPECT_EQ(length, 0u);
    length = 2 * sizeof(sockaddr_in) - 1;
    EXPECT_EQ(get(address, &length, MOS_SIDE_BOTH), EINVAL);
    EXPECT_EQ(length, sizeof(sockaddr_in)) << "what was written";
  });
}

TEST_F(MtcpErrorsTest, ArgumentsOfSocketsFiltersTimersAndCallbacks) {
  InCallback([](mctx_t mctx, int listener, int raw, int) {
    EXPECT_EQ(ErrnoOf([&] {
                return mtcp_socket(mctx, AF_UNIX, MOS_SOCK_MONITOR_STREAM, 0);
              }),
              EAFNOSUPPORT);
    for (const int type :
         {int{MOS_SOCK_UNUSED}, int{MOS_SOCK_STREAM}, -1, INT_MAX}) {
      EXPECT_EQ(ErrnoOf([&] { return mtcp_socket(mctx, AF_INET, type, 0); }),
                EINVAL);
    }
    char wrong[] = "no such words";
    monitor_filter filter{};
    filter.raw_pkt_filter = wrong;
    EXPECT_EQ(
        ErrnoOf([&] { return mtcp_bind_monitor_filter(mctx, raw, &filter); }),
        EINVAL);
    filter = {};
    filter.stream_syn_filter = wrong;
    EXPECT_EQ(ErrnoOf([&] {
                return mtcp_bind_monitor_filter(mctx, listener, &filter);
              }),
              EINVAL);
    for (const timeval& time : {timeval{-1, 0}, timeval{0, -1},
                                timeval{0, 1'000'000}, timeval{LONG_MAX, 0}}) {
      timeval copy = time;
      EXPECT_EQ(
          ErrnoOf([&] { return mtcp_settimer(mctx, 1, &copy, &Forward); }),
          EINVAL);
    }
    timeval second{1, 0};
    EXPECT_EQ(ErrnoOf([&] { return mtcp_settimer(mctx, 1, &second, nullptr); }),
              EINVAL);
    EXPECT_EQ(
        ErrnoOf([&] { return mtcp_settimer(mctx, 1, nullptr, &Forward); }),
        EINVAL);
    const auto registered = [&](event_t event, int hook) {
      return ErrnoOf([&] {
        return mtcp_register_callback(mctx, listener, event, hook, &Forward);
      });
    };
    EXPECT_EQ(registered(0, MOS_HK_SND), EINVAL);
    EXPECT_EQ(registered(MOS_ON_PKT_IN | MOS_ON_CONN_END, MOS_HK_SND), EINVAL);
    EXPECT_EQ(registered(1u << 20, MOS_HK_SND), EINVAL);
    EXPECT_EQ(registered(MOS_ON_PKT_IN, 0), EINVAL);
    EXPECT_EQ(registered(MOS_ON_PKT_IN, MOS_HK_SND | MOS_HK_RCV), EINVAL);
    for (const event_t event :
         {MOS_ON_CONN_NEW_DATA, MOS_ON_ORPHAN, MOS_ON_ERROR}) {
      EXPECT_EQ(registered(event, MOS_HK_SND), EINVAL);
      EXPECT_EQ(registered(event, MOS_HK_RCV), EINVAL);
    }
    for (const event_t event : {MOS_ON_CONN_START, MOS_ON_REXMIT,
                                MOS_ON_TCP_STATE_CHANGE, MOS_ON_CONN_END}) {
      EXPECT_EQ(registered(event, MOS_NULL), EINVAL);
    }
    EXPECT_EQ(mtcp_define_event(0, nullptr, nullptr), event_t{0});
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(mtcp_alloc_event(MOS_ON_PKT_IN), event_t{0});
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(ErrnoOf([&] { return mtcp_raise_event(mctx, MOS_ON_PKT_IN); }),
              EINVAL);
  });
}

TEST_F(MtcpErrorsTest, MoreListenersThanThereAreNumbers) {
  Run([&](mctx_t mctx) {
    int last = 0;
    int opened = 0;
    while ((last = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0)) >=
           0) {
      ++opened;
    }
    EXPECT_EQ(errno, ENFILE);
    EXPECT_EQ(opened, 1024);
    EXPECT_EQ(mtcp_close(mctx, 17), 0);
    EXPECT_EQ(mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0), 17);
  });
}

TEST_F(MtcpErrorsTest, AChildOfForkGetsErrorsAndTheParentGoesOn) {
  Handshake();
  Run([&](mctx_t mctx) {
    const pid_t child = fork();
    if (child == 0) {
      const bool refused =
          mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0) == -1 &&
          errno == EACCES && mtcp_init("x") == -1 && mtcp_destroy() == -1;
      _exit(refused ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_GE(mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0), 0);
  });
}

TEST_F(MtcpErrorsTest, DestroyInACallbackIsRefused) {
  InCallback([](mctx_t mctx, int, int, int) {
    EXPECT_EQ(ErrnoOf([] { return mtcp_destroy(); }), EDEADLK);
    EXPECT_EQ(mtcp_destroy_context(mctx), 0);
  });
}

}  // namespace
}  // namespace mosd::testing
