// What one segment does, and what is read off a connection. The hot path is in
// tcp_expected.h, all else in tcp_general.cc.
#include "dataplane/tcp/tcp_tracker.h"

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_expected.h"
#include "dataplane/tcp/tcp_general.h"
#include "dataplane/tcp/tcp_sequence.h"

namespace mosd::dataplane {

TcpUpdate TcpApply(TcpConnection* connection, Side sender,
                   const TcpSegment& segment) {
  TcpEnd* const from = &connection->end[Index(sender)];
  TcpEnd* const to = &connection->end[Index(Other(sender))];
  if (!TcpIsExpected(*from, *to, segment)) [[unlikely]] {
    return ApplyGeneral(connection, sender, segment);
  }
  TcpUpdate update{};
  update.offset = TcpApplyExpected(from, to, segment);
  update.by = sender;
  update.in_window = true;
  return update;
}

TcpUpdate TcpOpen(TcpConnection* connection, Side sender,
                  const TcpSegment& segment) {
  *connection = {};
  TcpUpdate update{};
  update.by = sender;
  if (TcpClassifyOpening(segment) == TcpOpening::kNone) return update;
  for (TcpEnd& end : connection->end) {
    end.state = TcpState::kListen;
    end.window_scale = kMaxWindowScale;
  }
  return ApplyGeneral(connection, sender, segment);
}

namespace {

// Stream offset of a sequence number that `end` has sent; its FIN is none.
uint64_t OffsetOf(const TcpEnd& end, uint32_t seq) {
  if (!Has(end, kNumbered)) return 0;
  const bool past_fin = Has(end, kFinSent) && seq == end.next_seq;
  const uint64_t behind = end.next_seq - seq + (past_fin ? 1 : 0);
  return behind > end.next_offset ? 0 : end.next_offset - behind;
}

}  // namespace

uint64_t TcpAckedOffset(const TcpConnection& connection, Side sender) {
  const TcpEnd& end = connection.end[Index(sender)];
  return OffsetOf(end, end.acked_seq);
}

uint64_t TcpInOrderOffset(const TcpConnection& connection, Side sender) {
  const TcpEnd& end = connection.end[Index(sender)];
  return OffsetOf(end, end.in_order_seq);
}

uint32_t TcpBytesBeforeStream(const TcpConnection& connection, Side sender,
                              const TcpSegment& segment) {
  const TcpEnd& end = connection.end[Index(sender)];
  if (!Has(end, kNumbered)) return 0;
  const uint32_t first = segment.seq + (segment.flags & kTcpSyn ? 1 : 0);
  const int64_t distance = SeqDistance(end.next_seq, first);
  if (distance >= 0) return 0;
  const auto behind = static_cast<uint64_t>(-distance);
  if (behind <= end.next_offset) return 0;
  const uint64_t before = behind - end.next_offset;
  return before < segment.payload_length ? static_cast<uint32_t>(before)
                                         : segment.payload_length;
}

FlowState TcpFlowState(const TcpConnection& connection) {
  const auto& [client, server] = connection.end;
  switch (Outcome(client, server)) {
    case TcpOutcome::kReset:
      return FlowState::kEnded;
    case TcpOutcome::kClosed:
      return FlowState::kTimeWait;
    case TcpOutcome::kOpen:
      break;
  }
  if (Has(client, kFinSent) || Has(server, kFinSent)) {
    return FlowState::kClosing;
  }
  return Synchronized(client) && Synchronized(server) ? FlowState::kEstablished
                                                      : FlowState::kHalfOpen;
}

uint64_t TcpStreamOffset(const TcpConnection& connection, Side sender,
                         const TcpSegment& segment) {
  const TcpEnd& end = connection.end[Index(sender)];
  if (!Has(end, kNumbered)) return 0;
  const uint32_t first = segment.seq + (segment.flags & kTcpSyn ? 1 : 0);
  const int64_t distance = SeqDistance(end.next_seq, first);
  const bool before_start =
      distance < 0 && static_cast<uint64_t>(-distance) > end.next_offset;
  return before_start ? 0 : end.next_offset + static_cast<uint64_t>(distance);
}

}  // namespace mosd::dataplane
