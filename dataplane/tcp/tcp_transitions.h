// The state machine of one end, RFC 9293 section 3.3.2, as one table: state and
// event give the next state; what is not listed leaves the state alone. Events
// are what an observer sees an end do, or what must then have reached it.
// Constant data; any thread.
//
// Two readings are ours. LISTEN stands for an end of which nothing is known
// yet, so that a connection can be joined at any segment. And a segment that an
// end sends proves what it had received before, seen or missed by us.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tcp/tcp_state.h"

namespace mosd::dataplane {

enum class TcpEvent : uint8_t {
  kSendSyn = 0,
  kSendSynAck,
  kSendAck,          // any other segment: the peer's SYN has arrived
  kSendFin,          // first FIN, after the peer's if there was one
  kSendCrossingFin,  // first FIN, not acknowledging the peer's, which was sent
  kSendReset,
  kReceiveSyn,
  kReceiveSynAck,  // with an acceptable acknowledgement
  kSynAcked,       // an acceptable acknowledgement in any other segment
  kReceiveFin,     // and all bytes before it
  kFinAcked,
  kReceiveReset,
};
inline constexpr size_t kTcpEvents = 12;

struct TcpTransition {
  TcpState from;
  TcpEvent event;
  TcpState to;
  const char* section;  // of RFC 9293
};

// clang-format off
inline constexpr TcpTransition kTcpTransitions[] = {
    {TcpState::kListen, TcpEvent::kSendSyn, TcpState::kSynSent, "3.10.1"},
    {TcpState::kListen, TcpEvent::kSendSynAck, TcpState::kSynRcvd, "3.10.7.2"},
    {TcpState::kListen, TcpEvent::kSendAck, TcpState::kEstablished, "3.10.7.4"},
    {TcpState::kListen, TcpEvent::kReceiveSyn, TcpState::kSynRcvd, "3.10.7.2"},
    {TcpState::kListen, TcpEvent::kReceiveSynAck, TcpState::kEstablished, "3.10.7.3"},
    {TcpState::kListen, TcpEvent::kSynAcked, TcpState::kEstablished, "3.10.7.4"},

    {TcpState::kSynSent, TcpEvent::kSendSynAck, TcpState::kSynRcvd, "3.5"},
    {TcpState::kSynSent, TcpEvent::kSendAck, TcpState::kEstablished, "3.10.7.3"},
    {TcpState::kSynSent, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kSynSent, TcpEvent::kReceiveSyn, TcpState::kSynRcvd, "3.10.7.3"},
    {TcpState::kSynSent, TcpEvent::kReceiveSynAck, TcpState::kEstablished, "3.10.7.3"},
    {TcpState::kSynSent, TcpEvent::kSynAcked, TcpState::kEstablished, "3.10.7.3"},
    {TcpState::kSynSent, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.3"},

    {TcpState::kSynRcvd, TcpEvent::kSendAck, TcpState::kEstablished, "3.10.7.4"},
    {TcpState::kSynRcvd, TcpEvent::kSendFin, TcpState::kFinWait1, "3.10.4"},
    {TcpState::kSynRcvd, TcpEvent::kSendCrossingFin, TcpState::kFinWait1, "3.10.4"},
    {TcpState::kSynRcvd, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kSynRcvd, TcpEvent::kReceiveSynAck, TcpState::kEstablished, "3.5"},
    {TcpState::kSynRcvd, TcpEvent::kSynAcked, TcpState::kEstablished, "3.10.7.4"},
    {TcpState::kSynRcvd, TcpEvent::kReceiveFin, TcpState::kCloseWait, "3.10.7.4"},
    {TcpState::kSynRcvd, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kEstablished, TcpEvent::kSendFin, TcpState::kFinWait1, "3.10.4"},
    {TcpState::kEstablished, TcpEvent::kSendCrossingFin, TcpState::kFinWait1, "3.10.4"},
    {TcpState::kEstablished, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kEstablished, TcpEvent::kReceiveFin, TcpState::kCloseWait, "3.10.7.4"},
    {TcpState::kEstablished, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kFinWait1, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kFinWait1, TcpEvent::kReceiveFin, TcpState::kClosing, "3.10.7.4"},
    {TcpState::kFinWait1, TcpEvent::kFinAcked, TcpState::kFinWait2, "3.10.7.4"},
    {TcpState::kFinWait1, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kFinWait2, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kFinWait2, TcpEvent::kReceiveFin, TcpState::kTimeWait, "3.10.7.4"},
    {TcpState::kFinWait2, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kCloseWait, TcpEvent::kSendFin, TcpState::kLastAck, "3.10.4"},
    // We took the peer's FIN for received; the crossing FIN says it was not
    // yet. Both are on their way: a simultaneous close.
    {TcpState::kCloseWait, TcpEvent::kSendCrossingFin, TcpState::kClosing, "3.6"},
    {TcpState::kCloseWait, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kCloseWait, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kClosing, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kClosing, TcpEvent::kFinAcked, TcpState::kTimeWait, "3.10.7.4"},
    {TcpState::kClosing, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kLastAck, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kLastAck, TcpEvent::kFinAcked, TcpState::kClosed, "3.10.7.4"},
    {TcpState::kLastAck, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},

    {TcpState::kTimeWait, TcpEvent::kSendReset, TcpState::kClosed, "3.10.5"},
    {TcpState::kTimeWait, TcpEvent::kReceiveReset, TcpState::kClosed, "3.10.7.4"},
};
// clang-format on

using TcpStateTable = std::array<std::array<TcpState, kTcpEvents>, kTcpStates>;

consteval TcpStateTable MakeTcpStateTable() {
  TcpStateTable table{};
  for (size_t state = 0; state < kTcpStates; ++state) {
    table[state].fill(static_cast<TcpState>(state));
  }
  for (const TcpTransition& row : kTcpTransitions) {
    table[static_cast<size_t>(row.from)][static_cast<size_t>(row.event)] =
        row.to;
  }
  return table;
}

inline constexpr TcpStateTable kTcpStateTable = MakeTcpStateTable();

constexpr TcpState TcpNextState(TcpState state, TcpEvent event) {
  return kTcpStateTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace mosd::dataplane
