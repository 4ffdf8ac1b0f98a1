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
// `from` sent it to `to`.
inline bool TcpIsExpected(const TcpEnd& from, const TcpEnd& to,
                          const TcpSegment& segment) {
  return IsPlain(segment) && segment.seq == from.next_seq &&
         segment.seq == from.in_order_seq && Settled(from, to) &&
         SeqWithin(segment.ack, to.acked_seq, to.next_seq) &&
         !SeqBefore(to.window_right, segment.seq);
}

// Applies such a segment, which changes no state. Returns the stream offset of
// its first payload byte.
inline uint64_t TcpApplyExpected(TcpEnd* from, TcpEnd* to,
                                 const TcpSegment& segment) {
  const uint64_t offset = from->next_offset;
  const uint32_t next_seq = segment.seq + segment.payload_length;
  from->next_offset = offset + segment.payload_length;
  from->next_seq = next_seq;
  from->in_order_seq = next_seq;
  from->window_right =
      SeqMax(from->window_right,
             segment.ack + (uint32_t{segment.window} << from->window_scale));
  to->acked_seq = segment.ack;
  to->in_order_seq = SeqMax(to->in_order_seq, segment.ack);
  return offset;
}

}  // namespace mosd::dataplane
