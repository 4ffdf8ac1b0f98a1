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

namespace tcp_transitions {

using enum TcpState;
using enum TcpEvent;

inline constexpr TcpTransition kRows[] = {
    {kListen, kSendSyn, kSynSent, "3.10.1"},
    {kListen, kSendSynAck, kSynRcvd, "3.10.7.2"},
    {kListen, kSendAck, kEstablished, "3.10.7.4"},
    {kListen, kReceiveSyn, kSynRcvd, "3.10.7.2"},
    {kListen, kReceiveSynAck, kEstablished, "3.10.7.3"},
    {kListen, kSynAcked, kEstablished, "3.10.7.4"},

    {kSynSent, kSendSynAck, kSynRcvd, "3.5"},
    {kSynSent, kSendAck, kEstablished, "3.10.7.3"},
    {kSynSent, kSendReset, kClosed, "3.10.5"},
    {kSynSent, kReceiveSyn, kSynRcvd, "3.10.7.3"},
    {kSynSent, kReceiveSynAck, kEstablished, "3.10.7.3"},
    {kSynSent, kSynAcked, kEstablished, "3.10.7.3"},
    {kSynSent, kReceiveReset, kClosed, "3.10.7.3"},

    {kSynRcvd, kSendAck, kEstablished, "3.10.7.4"},
    {kSynRcvd, kSendFin, kFinWait1, "3.10.4"},
    {kSynRcvd, kSendCrossingFin, kFinWait1, "3.10.4"},
    {kSynRcvd, kSendReset, kClosed, "3.10.5"},
    {kSynRcvd, kReceiveSynAck, kEstablished, "3.5"},
    {kSynRcvd, kSynAcked, kEstablished, "3.10.7.4"},
    {kSynRcvd, kReceiveFin, kCloseWait, "3.10.7.4"},
    {kSynRcvd, kReceiveReset, kClosed, "3.10.7.4"},

    {kEstablished, kSendFin, kFinWait1, "3.10.4"},
    {kEstablished, kSendCrossingFin, kFinWait1, "3.10.4"},
    {kEstablished, kSendReset, kClosed, "3.10.5"},
    {kEstablished, kReceiveFin, kCloseWait, "3.10.7.4"},
    {kEstablished, kReceiveReset, kClosed, "3.10.7.4"},

    {kFinWait1, kSendReset, kClosed, "3.10.5"},
    {kFinWait1, kReceiveFin, kClosing, "3.10.7.4"},
    {kFinWait1, kFinAcked, kFinWait2, "3.10.7.4"},
    {kFinWait1, kReceiveReset, kClosed, "3.10.7.4"},

    {kFinWait2, kSendReset, kClosed, "3.10.5"},
    {kFinWait2, kReceiveFin, kTimeWait, "3.10.7.4"},
    {kFinWait2, kReceiveReset, kClosed, "3.10.7.4"},

    {kCloseWait, kSendFin, kLastAck, "3.10.4"},
    // We took the peer's FIN for received; the crossing FIN says it was not
    // yet. Both are on their way: a simultaneous close.
    {kCloseWait, kSendCrossingFin, kClosing, "3.6"},
    {kCloseWait, kSendReset, kClosed, "3.10.5"},
    {kCloseWait, kReceiveReset, kClosed, "3.10.7.4"},

    {kClosing, kSendReset, kClosed, "3.10.5"},
    {kClosing, kFinAcked, kTimeWait, "3.10.7.4"},
    {kClosing, kReceiveReset, kClosed, "3.10.7.4"},

    {kLastAck, kSendReset, kClosed, "3.10.5"},
    {kLastAck, kFinAcked, kClosed, "3.10.7.4"},
    {kLastAck, kReceiveReset, kClosed, "3.10.7.4"},

    {kTimeWait, kSendReset, kClosed, "3.10.5"},
    {kTimeWait, kReceiveReset, kClosed, "3.10.7.4"},
};

}  // namespace tcp_transitions

inline constexpr const auto& kTcpTransitions = tcp_transitions::kRows;

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
