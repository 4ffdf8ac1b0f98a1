// Registering, user-defined events, and what callbacks may do to their own
// sockets while they run.
#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/api/mos_program.h"

namespace mosd::testing {
namespace {

using ::testing::ElementsAre;

// What the filters below are to say, and what they did. Only the context's
// thread touches them while a program runs.
struct Filters {
  int asked = 0;
  event_t raises = 0;
  int raise_errno = 0;
  bool answer = true;
};
Filters filters;

bool Filter(mctx_t mctx, int, int, event_t, filter_arg_t*) {
  ++filters.asked;
  if (filters.raises != 0 && mtcp_raise_event(mctx, filters.raises) != 0) {
    filters.raise_errno = errno;
  }
  return filters.answer;
}

bool HasPayload(mctx_t mctx, int socket, int side, event_t, filter_arg_t*) {
  pkt_info info;
  return mtcp_getlastpkt(mctx, socket, side, &info) == 0 &&
         info.payloadlen != 0;
}

// Ends the socket that it is asked for.
bool ClosesItsSocket(mctx_t mctx, int socket, int, event_t, filter_arg_t*) {
  ++filters.asked;
  EXPECT_EQ(mtcp_close(mctx, socket), 0);
  return true;
}

class MtcpEventTest : public MosProgram {
 protected:
  MtcpEventTest() {
    filters = {};
    Handshake();
    Add(C, "PA", 1001, 5001, "hello");
    Add(S, "PA", 5001, 1006, "world");
  }

  int Stream(mctx_t mctx) {
    return mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
  }
};

TEST_F(MtcpEventTest, AUserDefinedEventOccursWhenItsFilterSaysSo) {
  filter_arg_t argument{};
  const event_t event =
      mtcp_define_event(MOS_ON_PKT_IN, &HasPayload, &argument);
  ASSERT_NE(event, event_t{0});
  std::vector<int> sides;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      EXPECT_EQ(call.event, event);
      EXPECT_EQ(call.argument, &argument);
      sides.push_back(call.side);
    };
    const int socket = Stream(mctx);
    EXPECT_EQ(mtcp_register_callback(mctx, socket, event, MOS_HK_SND, &Forward),
              0);
    EXPECT_EQ(mtcp_register_callback(mctx, socket, event, MOS_NULL, &Forward),
              0)
        << "as legal as PKT_IN";
  });
  EXPECT_THAT(sides, ElementsAre(MOS_SIDE_CLI, MOS_SIDE_SVR));
}

TEST_F(MtcpEventTest, AFilterIsAskedOncePerPacketAndHookHoweverManyUseIt) {
  const event_t event = mtcp_define_event(MOS_ON_PKT_IN, &Filter, nullptr);
  const event_t nested = mtcp_define_event(event, &HasPayload, nullptr);
  int calls = 0;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call&) { ++calls; };
    for (int i = 0; i < 3; ++i) {
      const int socket = Stream(mctx);
      mtcp_register_callback(mctx, socket, event, MOS_HK_RCV, &Forward);
      mtcp_register_callback(mctx, socket, nested, MOS_HK_RCV, &Forward);
    }
  });
  EXPECT_EQ(filters.asked, 5);
  // And once more for the receiver of the last packet, whose own last one had
  // a payload.
  EXPECT_EQ(calls, (5 + 1) * 3);
}

TEST_F(MtcpEventTest, AFilterNobodyRegisteredForIsNotAsked) {
  mtcp_define_event(MOS_ON_PKT_IN, &Filter, nullptr);
  Run([&](mctx_t mctx) { Watch(mctx, MOS_ON_PKT_IN, [](const Call&) {}); });
  EXPECT_EQ(filters.asked, 0);
}

TEST_F(MtcpEventTest, AnAllocatedEventOccursWhenItsParentsFilterRaisesIt) {
  const event_t parent = mtcp_define_event(MOS_ON_PKT_IN, &Filter, nullptr);
  const event_t child = mtcp_alloc_event(parent);
  ASSERT_NE(child, event_t{0});
  filters.raises = child;
  filters.answer = false;
  int calls = 0;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      EXPECT_EQ(call.event, child);
      ++calls;
      EXPECT_EQ(mtcp_raise_event(call.mctx, child), -1) << "not in a filter";
      EXPECT_EQ(errno, EINVAL);
    };
    mtcp_register_callback(mctx, Stream(mctx), child, MOS_HK_SND, &Forward);
  });
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(filters.raise_errno, 0);
}

TEST_F(MtcpEventTest, AFilterThatRaisesItselfOrItsParentIsRefused) {
  const event_t event = mtcp_define_event(MOS_ON_PKT_IN, &Filter, nullptr);
  filters.raises = event;
  int calls = 0;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call&) { ++calls; };
    mtcp_register_callback(mctx, Stream(mctx), event, MOS_HK_SND, &Forward);
  });
  EXPECT_EQ(filters.raise_errno, EINVAL);
  EXPECT_EQ(calls, 5);
}

TEST_F(MtcpEventTest, AFilterThatClosesItsSocketIsFollowedByNoCallback) {
  const event_t event =
      mtcp_define_event(MOS_ON_PKT_IN, &ClosesItsSocket, nullptr);
  int calls = 0;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call&) { ++calls; };
    mtcp_register_callback(mctx, Stream(mctx), event, MOS_HK_SND, &Forward);
  });
  EXPECT_EQ(filters.asked, 1);
  EXPECT_EQ(calls, 0);
}

TEST_F(MtcpEventTest, ARawSocketThatClosesItselfKeepsNoFrameFromOthers) {
  std::vector<int> called;
  int first = -1;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      called.push_back(call.socket);
      if (call.socket == first) {
        EXPECT_EQ(mtcp_close(call.mctx, first), 0);
      }
    };
    for (int i = 0; i < 3; ++i) {
      const int socket = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_RAW, 0);
      if (i == 0) first = socket;
      mtcp_register_callback(mctx, socket, MOS_ON_PKT_IN, MOS_NULL, &Forward);
    }
  });
  // All three have the first of five frames.
  ASSERT_EQ(called.size(), 3 + 4 * 2u);
  called.resize(3);
  EXPECT_THAT(called, ElementsAre(0, 1, 2));
}

TEST_F(MtcpEventTest, ACallbackThatDeregistersItselfIsNotCalledAgain) {
  int calls = 0;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
      ++calls;
      for (const int hook : {MOS_HK_SND, MOS_HK_RCV}) {
        EXPECT_EQ(mtcp_register_callback(call.mctx, call.socket, MOS_ON_PKT_IN,
                                         hook, nullptr),
                  0);
      }
    });
  });
  EXPECT_EQ(calls, 1);
}

// Who wants MOS_ON_PKT_IN alone is called on a shorter way.
TEST_F(MtcpEventTest, WhoSeesEveryPacketMayWantMoreAndLessAtAnyOfThem) {
  Add(C, "FA", 1006, 5006);
  Add(S, "FA", 5006, 1007);
  Add(C, "A", 1007, 5007);
  const auto set = [](const Call& call, event_t event, callback_t callback) {
    EXPECT_EQ(mtcp_register_callback(call.mctx, call.socket, event, MOS_HK_SND,
                                     callback),
              0);
  };
  const callback_t other = [](mctx_t mctx, int socket, int side, event_t,
                              filter_arg_t* argument) {
    Forward(mctx, socket, side, 0, argument);  // 0: by the other callback
  };
  std::vector<event_t> events;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      events.push_back(call.event);
      if (events.size() == 2) set(call, MOS_ON_PKT_IN, other);
      if (events.size() == 4) set(call, MOS_ON_TCP_STATE_CHANGE, &Forward);
      if (events.size() == 7) set(call, MOS_ON_TCP_STATE_CHANGE, nullptr);
      if (events.size() == 8) set(call, MOS_ON_PKT_IN, nullptr);
    };
    mtcp_register_callback(mctx, Stream(mctx), MOS_ON_PKT_IN, MOS_HK_SND,
                           &Forward);
  });
  // Eight packets; the FIN of the client changes its state.
  EXPECT_THAT(events, ElementsAre(MOS_ON_PKT_IN, MOS_ON_PKT_IN, 0, 0, 0, 0,
                                  MOS_ON_TCP_STATE_CHANGE, 0));
}

TEST_F(MtcpEventTest, WhoSeesEveryPacketMayReadTheStream) {
  Add(C, "PA", 1006, 5006, "!");
  std::string read;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      char bytes[16];
      const ssize_t count =
          mtcp_peek(call.mctx, call.socket, MOS_SIDE_SVR, bytes, sizeof(bytes));
      ASSERT_GE(count, 0);
      read.append(bytes, static_cast<size_t>(count));
    };
    mtcp_register_callback(mctx, Stream(mctx), MOS_ON_PKT_IN, MOS_HK_SND,
                           &Forward);
  });
  // What a packet brings is there when the next one comes.
  EXPECT_EQ(read, "hello");
}

// Large segments are written a cache line at a time, with what came before them
// in the first one.
TEST_F(MtcpEventTest, AStreamIsWholeWhoseBufferIsResizedBetweenItsSegments) {
  const std::string first(600, 'a');
  const std::string second(600, 'b');
  Add(C, "PA", 1006, 5006, first);
  Add(C, "PA", 1606, 5006, second);
  Add(C, "A", 2206, 5006);
  int packets = 0;
  std::string stream(2000, '?');
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      ++packets;
      const int bytes = 4096;
      if (packets == 7) {
        EXPECT_EQ(mtcp_setsockopt(call.mctx, call.socket, SOL_MONSOCKET,
                                  MOS_SVRBUF, &bytes, sizeof(bytes)),
                  0);
      } else if (packets == 8) {
        const ssize_t count = mtcp_ppeek(call.mctx, call.socket, MOS_SIDE_SVR,
                                         stream.data(), stream.size(), 0);
        ASSERT_GE(count, 0);
        stream.resize(static_cast<size_t>(count));
      }
    };
    mtcp_register_callback(mctx, Stream(mctx), MOS_ON_PKT_IN, MOS_HK_SND,
                           &Forward);
  });
  EXPECT_EQ(packets, 8);
  EXPECT_EQ(stream, "hello" + first + second);
}

TEST_F(MtcpEventTest, WhoSeesEveryPacketMayCloseItsSocketAtOne) {
  int calls = 0;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      if (++calls != 3) return;
      pkt_info info;
      EXPECT_EQ(mtcp_getlastpkt(call.mctx, call.socket, call.side, &info), 0);
      EXPECT_EQ(mtcp_close(call.mctx, call.socket), 0);
      errno = 0;
      EXPECT_EQ(mtcp_getlastpkt(call.mctx, call.socket, call.side, &info), -1);
      EXPECT_EQ(errno, EBADF);
    };
    mtcp_register_callback(mctx, Stream(mctx), MOS_ON_PKT_IN, MOS_HK_SND,
                           &Forward);
  });
  EXPECT_EQ(calls, 3);
}

TEST_F(MtcpEventTest, WhoSeesEveryPacketSeesTheReceiverAsItWasBefore) {
  Add(C, "FA", 1006, 5006);
  Add(S, "R", 5006, 0);
  std::vector<std::string> states;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      int of[2] = {-1, -1};
      for (const int side : {MOS_SIDE_CLI, MOS_SIDE_SVR}) {
        socklen_t length = sizeof(int);
        EXPECT_EQ(mtcp_getsockopt(call.mctx, call.socket, SOL_MONSOCKET,
                                  side == MOS_SIDE_CLI ? MOS_TCP_STATE_CLI
                                                       : MOS_TCP_STATE_SVR,
                                  &of[side], &length),
                  0);
      }
      states.push_back(absl::StrCat(of[0], "/", of[1]));
    };
    mtcp_register_callback(mctx, Stream(mctx), MOS_ON_PKT_IN, MOS_HK_SND,
                           &Forward);
  });
  // SYN, SYN/ACK, ACK, data twice, FIN, RST: what the sender is by sending it.
  EXPECT_THAT(states,
              ElementsAre("2/0", "2/3", "4/3", "4/4", "4/4", "5/4", "5/0"));
}

TEST_F(MtcpEventTest, WhoSeesEveryPacketMayStopWatchingASide) {
  std::vector<int> sides;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call& call) {
      sides.push_back(call.side);
      const int stopped = MOS_SIDE_SVR;
      if (sides.size() == 2) {
        EXPECT_EQ(mtcp_setsockopt(call.mctx, call.socket, SOL_MONSOCKET,
                                  MOS_STOP_MON, &stopped, sizeof(stopped)),
                  0);
      }
    };
    mtcp_register_callback(mctx, Stream(mctx), MOS_ON_PKT_IN, MOS_HK_SND,
                           &Forward);
  });
  EXPECT_THAT(sides, ElementsAre(MOS_SIDE_CLI, MOS_SIDE_SVR, MOS_SIDE_CLI,
                                 MOS_SIDE_CLI));
}

TEST_F(MtcpEventTest, ACallbackMayRegisterMoreForItsFlow) {
  Handshake(50000);
  int ends = 0;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_CONN_NEW_DATA, [&](const Call& call) {
      if (call.event == MOS_ON_CONN_END) {
        ++ends;
        return;
      }
      EXPECT_EQ(mtcp_register_callback(call.mctx, call.socket, MOS_ON_CONN_END,
                                       MOS_HK_SND, &Forward),
                0);
    });
  });
  // Of both sides, of the flow that had data, not of the other.
  EXPECT_EQ(ends, 2);
}

TEST_F(MtcpEventTest, ACallbackMayCloseItsSocket) {
  int calls = 0;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN | MOS_ON_CONN_END, [&](const Call& call) {
      ++calls;
      EXPECT_EQ(mtcp_close(call.mctx, call.socket), 0);
      EXPECT_EQ(mtcp_close(call.mctx, call.socket), -1);
      EXPECT_EQ(errno, EBADF);
    });
  });
  EXPECT_EQ(calls, 1);
}

TEST_F(MtcpEventTest, ACallbackMayCloseItsListener) {
  Handshake(50000);
  int calls = 0;
  int listener = -1;
  Run([&](mctx_t mctx) {
    listener = Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
      ++calls;
      EXPECT_EQ(mtcp_close(call.mctx, listener), 0);
    });
  });
  EXPECT_EQ(calls, 1);
}

TEST_F(MtcpEventTest, MonitoringOfASideStops) {
  std::vector<std::string> told;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_PKT_IN, [&](const Call& call) {
      told.push_back(absl::StrCat(call.side));
      if (told.size() != 3) return;
      const int side = MOS_SIDE_CLI;
      EXPECT_EQ(mtcp_setsockopt(call.mctx, call.socket, SOL_MONSOCKET,
                                MOS_STOP_MON, &side, sizeof(side)),
                0);
    });
  });
  // SYN at both, SYN/ACK at the server's; from there on the server alone.
  EXPECT_THAT(told, ElementsAre("0", "1", "1", "1", "1", "1"));
}

TEST_F(MtcpEventTest, UserContextsOfFlowsAndListeners) {
  int values[2] = {0, 0};
  int listener = -1;
  int ends = 0;
  Run([&](mctx_t mctx) {
    listener =
        Watch(mctx, MOS_ON_PKT_IN | MOS_ON_CONN_END, [&](const Call& call) {
          if (call.event == MOS_ON_CONN_END) {
            EXPECT_EQ(mtcp_get_uctx(call.mctx, call.socket), &values[0]);
            EXPECT_EQ(mtcp_get_uctx(call.mctx, listener), &values[1]);
            ++ends;
            return;
          }
          mtcp_set_uctx(call.mctx, call.socket, &values[0]);
          mtcp_set_uctx(call.mctx, listener, &values[1]);
        });
  });
  EXPECT_EQ(ends, 4);
}

TEST_F(MtcpEventTest, ASocketSeesTheFlowsThatItsOwnFilterMatched) {
  Handshake(50000);
  std::vector<std::string> starts;
  Run([&](mctx_t mctx) {
    char text[] = "tcp and src port 50000";
    monitor_filter filter{};
    filter.stream_syn_filter = text;
    const int some = Watch(mctx, MOS_ON_CONN_START, {});
    EXPECT_EQ(mtcp_bind_monitor_filter(mctx, some, &filter), 0);
    Watch(mctx, MOS_ON_CONN_START, [&](const Call& call) {
      sockaddr_in client;
      socklen_t length = sizeof(client);
      EXPECT_EQ(mtcp_getpeername(call.mctx, call.socket,
                                 reinterpret_cast<sockaddr*>(&client), &length,
                                 MOS_SIDE_CLI),
                0);
      if (call.side == MOS_SIDE_CLI) {
        starts.push_back(absl::StrCat(ntohs(client.sin_port)));
      }
    });
  });
  EXPECT_THAT(starts, ElementsAre("40000", "50000", "50000"));
}

TEST_F(MtcpEventTest, Ipv6OnlyForThoseWhoAskForIt) {
  Add(Packet().Ipv6("fd00::1", "fd00::2").Tcp(1, 2).Flags(dataplane::kTcpSyn));
  int calls = 0;
  Run([&](mctx_t mctx) {
    on_call_ = [&](const Call&) { ++calls; };
    for (const int family : {AF_INET, AF_INET6, AF_UNSPEC}) {
      const int socket = mtcp_socket(mctx, family, MOS_SOCK_MONITOR_STREAM, 0);
      mtcp_register_callback(mctx, socket, MOS_ON_CONN_START, MOS_HK_SND,
                             &Forward);
    }
  });
  EXPECT_EQ(calls, 4);  // two flows, each for its own family and for both
}

}  // namespace
}  // namespace mosd::testing
