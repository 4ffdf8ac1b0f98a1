// Every state with every event, against a grid that was drawn by hand from RFC
// 9293 and not from the table under test.
#include "dataplane/tcp/tcp_transitions.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <utility>

namespace mosd::dataplane {
namespace {

constexpr TcpState kAllStates[] = {
    TcpState::kClosed,   TcpState::kListen,      TcpState::kSynSent,
    TcpState::kSynRcvd,  TcpState::kEstablished, TcpState::kFinWait1,
    TcpState::kFinWait2, TcpState::kCloseWait,   TcpState::kClosing,
    TcpState::kLastAck,  TcpState::kTimeWait};

// One letter a state, in the order of the enumeration; "." is no change.
constexpr std::string_view kLetters = "0LSRE12WCAT";

// Columns: send SYN, SYN/ACK, ACK, FIN, crossing FIN, reset; receive SYN,
// SYN/ACK, acknowledgement of SYN, FIN, acknowledgement of FIN, reset.
constexpr std::string_view kGrid[kTcpStates] = {
    /* CLOSED      */ "............",
    /* LISTEN      */ "SRE...REE...",
    /* SYN_SENT    */ ".RE..0REE..0",
    /* SYN_RCVD    */ "..E110.EEW.0",
    /* ESTABLISHED */ "...110...W.0",
    /* FIN_WAIT_1  */ ".....0...C20",
    /* FIN_WAIT_2  */ ".....0...T.0",
    /* CLOSE_WAIT  */ "...AC0.....0",
    /* CLOSING     */ ".....0....T0",
    /* LAST_ACK    */ ".....0....00",
    /* TIME_WAIT   */ ".....0.....0",
};

TEST(TcpTransitions, EveryStateAndEvent) {
  for (const TcpState state : kAllStates) {
    const auto row = static_cast<size_t>(state);
    for (size_t event = 0; event < kTcpEvents; ++event) {
      const char drawn = kGrid[row][event];
      const size_t expected = drawn == '.' ? row : kLetters.find(drawn);
      EXPECT_EQ(static_cast<size_t>(
                    TcpNextState(state, static_cast<TcpEvent>(event))),
                expected)
          << "state " << row << " event " << event;
    }
  }
}

TEST(TcpTransitions, EachPairIsListedOnceWithItsSection) {
  std::set<std::pair<TcpState, TcpEvent>> seen;
  for (const TcpTransition& row : kTcpTransitions) {
    EXPECT_TRUE(seen.emplace(row.from, row.event).second);
    EXPECT_NE(row.from, row.to);
    EXPECT_TRUE(std::string_view(row.section).starts_with("3."));
  }
}

TEST(TcpTransitions, ClosedIsTheEnd) {
  for (size_t event = 0; event < kTcpEvents; ++event) {
    EXPECT_EQ(TcpNextState(TcpState::kClosed, static_cast<TcpEvent>(event)),
              TcpState::kClosed);
  }
}

// Events may be told again: only the handshake and the two FINs move a state,
// once each.
TEST(TcpTransitions, WhatAnEndReceivesTwiceMovesItOnce) {
  for (const TcpState state : kAllStates) {
    for (const TcpEvent event : {TcpEvent::kReceiveFin, TcpEvent::kFinAcked,
                                 TcpEvent::kSynAcked, TcpEvent::kSendFin}) {
      const TcpState once = TcpNextState(state, event);
      EXPECT_EQ(TcpNextState(once, event), once);
    }
  }
}

}  // namespace
}  // namespace mosd::dataplane
