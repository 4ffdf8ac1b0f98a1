// What a stream socket sees of a connection: events, in which order, with which
// states, packets and addresses.
#include <arpa/inet.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/unit/api/mos_program.h"

namespace mosd::testing {
namespace {

constexpr event_t kAll =
    MOS_ON_PKT_IN | MOS_ON_CONN_START | MOS_ON_CONN_NEW_DATA | MOS_ON_ERROR |
    MOS_ON_TCP_STATE_CHANGE | MOS_ON_ORPHAN | MOS_ON_REXMIT | MOS_ON_CONN_END;

std::string EventName(event_t event) {
  switch (event) {
    case MOS_ON_PKT_IN:
      return "PKT_IN";
    case MOS_ON_CONN_START:
      return "START";
    case MOS_ON_CONN_NEW_DATA:
      return "DATA";
    case MOS_ON_ERROR:
      return "ERROR";
    case MOS_ON_TCP_STATE_CHANGE:
      return "STATE";
    case MOS_ON_ORPHAN:
      return "ORPHAN";
    case MOS_ON_REXMIT:
      return "REXMIT";
    case MOS_ON_CONN_END:
      return "END";
    default:
      return absl::StrCat(event);
  }
}

int StateOf(const auto& call, int option) {
  int state = -1;
  socklen_t length = sizeof(state);
  return mtcp_getsockopt(call.mctx, call.socket, SOL_MONSOCKET, option, &state,
                         &length) == 0
             ? state
             : -1;
}

class MtcpFlowTest : public MosProgram {
 protected:
  // Runs the capture and writes down all calls: "EVENT side client/server".
  std::vector<std::string> Told(event_t events = kAll) {
    std::vector<std::string> told;
    Run([&](mctx_t mctx) {
      Watch(mctx, events, [&told](const Call& call) {
        std::string line = absl::StrCat(EventName(call.event), " ",
                                        std::string(1, "CSB"[call.side]));
        const int client = StateOf(call, MOS_TCP_STATE_CLI);
        const int server = StateOf(call, MOS_TCP_STATE_SVR);
        if (client >= 0) absl::StrAppend(&line, " ", client, "/", server);
        told.push_back(line);
      });
    });
    return told;
  }
};

using ::testing::ElementsAre;

TEST_F(MtcpFlowTest, AConnectionFromItsFirstSynToItsReset) {
  Handshake();
  Add(C, "PA", 1001, 5001, "hello");
  Add(S, "R", 5001, 0);
  Add(C, "A", 1006, 5001);
  EXPECT_THAT(Told(),
              ElementsAre(
                  // SYN: the sender first, then the receiver.
                  "PKT_IN C 2/0", "START C 2/0", "STATE C 2/0", "PKT_IN S 2/3",
                  "START S 2/3", "STATE S 2/3",
                  // SYN/ACK
                  "PKT_IN S 2/3", "PKT_IN C 4/3", "STATE C 4/3",
                  // ACK
                  "PKT_IN C 4/3", "PKT_IN S 4/4", "STATE S 4/4",
                  // data
                  "PKT_IN C 4/4", "PKT_IN S 4/4", "DATA S 4/4",
                  // RST
                  "PKT_IN S 4/0", "STATE S 4/0", "PKT_IN C 0/0", "STATE C 0/0",
                  // destruction: once more for each side
                  "STATE C 0/0", "END C 0/0", "STATE C 0/0", "END C 0/0",
                  "STATE S 0/0", "END S 0/0", "STATE S 0/0", "END S 0/0",
                  // what comes late belongs to nothing
                  "ORPHAN B"));
}

TEST_F(MtcpFlowTest, TheDeadSideOfAClosedConnectionEndsFirst) {
  Handshake();
  Add(C, "FA", 1001, 5001);
  Add(S, "A", 5001, 1002);
  Add(S, "FA", 5001, 1002);
  Add(C, "A", 1002, 5002);
  const std::vector<std::string> told = Told(MOS_ON_CONN_END);
  EXPECT_THAT(
      told, ElementsAre("END S 10/0", "END S 10/0", "END C 0/0", "END C 0/0"));
}

TEST_F(MtcpFlowTest, RetransmissionsAreToldOnceEach) {
  Add(C, "S", 1000, 0);
  Add(C, "S", 1000, 0);
  Add(S, "SA", 5000, 1001);
  Add(C, "A", 1001, 5001);
  Add(C, "PA", 1001, 5001, "hello");
  Add(C, "PA", 1001, 5001, "hello");
  Add(C, "FA", 1006, 5001);
  Add(C, "FA", 1006, 5001);
  EXPECT_THAT(Told(MOS_ON_REXMIT | MOS_ON_CONN_START | MOS_ON_CONN_NEW_DATA),
              ElementsAre("START C 2/0", "START S 2/3", "REXMIT S 2/3",
                          "DATA S 4/4", "REXMIT S 4/4", "REXMIT S 5/7"));
}

TEST_F(MtcpFlowTest, AFinBehindSeveralHolesIsReceivedWithTheLastOfThem) {
  Handshake();
  Add(C, "A", 1011, 5001, "22222");
  Add(C, "FA", 1021, 5001);
  Add(C, "A", 1001, 5001, "0000011111");
  Add(C, "A", 1016, 5001, "33333");
  EXPECT_THAT(Told(MOS_ON_TCP_STATE_CHANGE | MOS_ON_CONN_NEW_DATA),
              ::testing::Contains("STATE S 5/7").Times(1));
}

TEST_F(MtcpFlowTest, NewDataIsToldInTheOrderOfItsComing) {
  burst_ = 64;
  Handshake();
  Add(C, "PA", 1001, 5001, "question");
  Add(S, "PA", 5001, 1009, "answer");
  Handshake(50000);
  Add(S, "PA", 5001, 1001, "hello", 50000);
  Add(C, "PA", 1001, 5006, "hi", 50000);
  EXPECT_THAT(
      Told(MOS_ON_CONN_NEW_DATA),
      ElementsAre("DATA S 4/4", "DATA C 4/4", "DATA C 4/4", "DATA S 4/4"));
}

TEST_F(MtcpFlowTest, MidstreamIsAnOrphanThoughTheApplianceListsIt) {
  Add(C, "PA", 1001, 5001, "hello");
  Add(S, "A", 5001, 1006);
  EXPECT_THAT(Told(), ElementsAre("ORPHAN B", "ORPHAN B"));
}

TEST_F(MtcpFlowTest, AFlowThatGoesSilentEndsByItsTimeout) {
  mos_ = "  tcp_timeout = 30\n";
  Handshake();
  Wait(31);
  Handshake(50000);
  const std::vector<std::string> told = Told(MOS_ON_CONN_END);
  // The first by its timeout, the second when the program ends.
  EXPECT_EQ(told.size(), 8u) << absl::StrJoin(told, ", ");
}

TEST_F(MtcpFlowTest, AddressesAreReadableToTheEnd) {
  Handshake();
  std::vector<std::string> seen;
  Run([&](mctx_t mctx) {
    Watch(mctx, MOS_ON_CONN_END, [&seen](const Call& call) {
      sockaddr_in both[2];
      socklen_t length = sizeof(both);
      ASSERT_EQ(mtcp_getpeername(call.mctx, call.socket,
                                 reinterpret_cast<sockaddr*>(both), &length,
                                 MOS_SIDE_BOTH),
                0);
      ASSERT_EQ(length, sizeof(both));
      seen.push_back(absl::StrCat(inet_ntoa(both[0].sin_addr), ":",
                                  ntohs(both[0].sin_port)));
      seen.push_back(absl::StrCat(inet_ntoa(both[1].sin_addr), ":",
                                  ntohs(both[1].sin_port)));
    });
  });
  ASSERT_EQ(seen.size(), 8u);
  EXPECT_EQ(seen[0], "10.0.0.1:40000");
  EXPECT_EQ(seen[1], "10.0.0.2:80");
}

TEST_F(MtcpFlowTest, SocketsOfAFlowAreCalledByAgeTowardsTheServer) {
  Handshake();
  std::vector<int> order;
  int first = -1;
  int second = -1;
  Run([&](mctx_t mctx) {
    first = Watch(mctx, MOS_ON_PKT_IN, {});
    second = Watch(mctx, MOS_ON_PKT_IN, [&order](const Call& call) {
      order.push_back(call.socket);
    });
  });
  EXPECT_NE(first, second);
  // Three packets, two hooks, two sockets.
  ASSERT_EQ(order.size(), 12u);
  EXPECT_EQ(order[0], order[2]);
  EXPECT_EQ(order[1], order[3]);
  EXPECT_NE(order[0], order[1]);
  EXPECT_EQ(order[4], order[1]) << "towards the client: the newest first";
  EXPECT_EQ(order[5], order[0]);
}

// The SYN/ACK came before any flow of the program's; the rest is one.
TEST_F(MtcpFlowTest, AConnectionWhoseSynWasOvertaken) {
  Add(S, "SA", 5000, 1001);
  Add(C, "S", 1000, 0);
  Add(C, "A", 1001, 5001);
  Add(C, "PA", 1001, 5001, "hello");
  Add(S, "R", 5001, 0);
  EXPECT_THAT(
      Told(MOS_ON_CONN_START | MOS_ON_ORPHAN | MOS_ON_REXMIT |
           MOS_ON_CONN_NEW_DATA | MOS_ON_CONN_END),
      ElementsAre("ORPHAN B", "START C 4/0", "START S 4/3", "DATA S 4/4",
                  "END C 0/0", "END C 0/0", "END S 0/0", "END S 0/0"));
}

// The peers forgot a connection that lives on here: its next SYN might be
// anybody's, the answer shows that it was not.
TEST_F(MtcpFlowTest, AConnectionInPlaceOfOneThatWasForgotten) {
  Handshake();
  Add(C, "S", 70000, 0);
  Add(S, "SA", 90000, 70001);
  Add(C, "A", 70001, 90001);
  Add(C, "PA", 70001, 90001, "hello");
  Add(S, "R", 90001, 0);
  EXPECT_THAT(
      Told(MOS_ON_CONN_START | MOS_ON_TCP_STATE_CHANGE | MOS_ON_ORPHAN |
           MOS_ON_CONN_NEW_DATA | MOS_ON_CONN_END),
      ElementsAre("START C 2/0", "STATE C 2/0", "START S 2/3", "STATE S 2/3",
                  "STATE C 4/3", "STATE S 4/4",
                  // The answer to the new SYN.
                  "STATE C 0/4", "END C 0/4", "STATE C 0/4", "END C 0/4",
                  "STATE S 0/0", "END S 0/0", "STATE S 0/0", "END S 0/0",
                  "START C 2/0", "STATE C 2/0", "START S 2/3", "STATE S 2/3",
                  "STATE C 4/3", "STATE S 4/4", "DATA S 4/4",
                  // The reset.
                  "STATE S 4/0", "STATE C 0/0", "STATE C 0/0", "END C 0/0",
                  "STATE C 0/0", "END C 0/0", "STATE S 0/0", "END S 0/0",
                  "STATE S 0/0", "END S 0/0"));
}

}  // namespace
}  // namespace mosd::testing
