// How connections begin: what a first segment may start, who sent it, and when
// a SYN on a known tuple is a new connection. Pure functions; any thread.
#include <algorithm>

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_acceptance.h"
#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_sequence.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {
namespace {

// Ports below are the well-known ones, RFC 6335 section 6.
constexpr uint16_t kFirstUserPort = 1024;
// Where the common systems begin to take ephemeral ports from, at the lowest.
constexpr uint16_t kFirstEphemeralPort = 32768;

// A stack in this state accepts a new connection on the tuple.
bool MayBeReused(TcpState state) {
  return state == TcpState::kTimeWait || state == TcpState::kClosed;
}

}  // namespace

TcpOpening TcpClassifyOpening(const TcpSegment& segment) {
  const bool syn = segment.flags & kTcpSyn;
  const bool ack = segment.flags & kTcpAck;
  if (segment.flags & kTcpRst) return TcpOpening::kNone;
  if (syn && (segment.flags & kTcpFin)) return TcpOpening::kNone;
  if (ack) return TcpOpening::kMidstream;
  return syn ? TcpOpening::kHandshake : TcpOpening::kNone;
}

Side TcpInferSender(const TcpSegment& segment, uint16_t source_port,
                    uint16_t destination_port) {
  if (segment.flags & kTcpSyn) {
    return segment.flags & kTcpAck ? Side::kServer : Side::kClient;
  }
  const auto [lower, higher] = std::minmax(source_port, destination_port);
  const bool well_known =
      lower < kFirstUserPort ||
      (lower < kFirstEphemeralPort && higher >= kFirstEphemeralPort);
  const bool from_lower = source_port < destination_port;
  return well_known && from_lower ? Side::kServer : Side::kClient;
}

bool TcpHasNewSyn(const TcpConnection& connection, Side side) {
  return connection.end[Index(side)].strays == kStraySyn;
}

bool TcpStartsAnew(const TcpConnection& connection, Side sender,
                   const TcpSegment& segment) {
  const TcpEnd& from = connection.end[Index(sender)];
  const TcpEnd& to = connection.end[Index(Other(sender))];
  constexpr uint8_t kAtOdds = kTcpRst | kTcpFin;
  if (!(segment.flags & kTcpSyn) || (segment.flags & kAtOdds)) return false;
  if (SynFits(from, to, segment.seq)) return false;

  switch (TcpFlowState(connection)) {
    case FlowState::kTimeWait:
    case FlowState::kEnded:
      return true;
    case FlowState::kHalfOpen:
      // The sender gave up, and tries again. A SYN/ACK with another number
      // cannot answer the SYN that is known.
      return !(segment.flags & kTcpAck);
    case FlowState::kEstablished:
    case FlowState::kClosing:
      break;
  }
  // RFC 5961 section 4.2: an end that is alive challenges a SYN, and only a
  // dead one answers it with a SYN/ACK of its own.
  if (segment.flags & kTcpAck) return TcpHasNewSyn(connection, Other(sender));
  // RFC 6191 section 2, without timestamps: past all numbers of the old one.
  return (MayBeReused(from.state) || MayBeReused(to.state)) &&
         SeqBefore(from.next_seq, segment.seq);
}

}  // namespace mosd::dataplane
