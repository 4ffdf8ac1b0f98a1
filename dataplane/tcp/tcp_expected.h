// The hot path of the tracker: a segment in order on an established connection.
// In line, for whoever has a connection at hand. Thread-compatible.
#pragma once

#include <cstdint>

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_sequence.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

// In order, established, known on both sides, acknowledging what was seen.
inline bool TcpIsExpected(const TcpConnection& connection, Side sender,
                          const TcpSegment& segment) {
  constexpr uint8_t kKnown = kNumbered | kSpoke | kWindowKnown;
  const TcpEnd& from = connection.end[Index(sender)];
  const TcpEnd& to = connection.end[Index(Other(sender))];
  return IsPlain(segment) && segment.seq == from.next_seq &&
         from.in_order_seq == from.next_seq &&
         from.state == TcpState::kEstablished &&
         to.state == TcpState::kEstablished &&
         (from.bits & to.bits & kKnown) == kKnown &&
         SeqWithin(segment.ack, to.acked_seq, to.next_seq) &&
         !SeqBefore(to.window_right, segment.seq);
}

// Applies such a segment, which changes no state. Returns the stream offset of
// its first payload byte.
inline uint64_t TcpApplyExpected(TcpConnection* connection, Side sender,
                                 const TcpSegment& segment) {
  TcpEnd& from = connection->end[Index(sender)];
  TcpEnd& to = connection->end[Index(Other(sender))];
  const uint64_t offset = from.next_offset;
  from.next_offset += segment.payload_length;
  from.next_seq += segment.payload_length;
  from.in_order_seq = from.next_seq;
  from.window_right =
      SeqMax(from.window_right,
             segment.ack + (uint32_t{segment.window} << from.window_scale));
  from.strays = 0;
  to.acked_seq = segment.ack;
  to.in_order_seq = SeqMax(to.in_order_seq, segment.ack);
  return offset;
}

}  // namespace mosd::dataplane
