// What the observer knows of one end of a connection, and how it learns it:
// numbers only, no states. Internal to the tracker; thread-compatible.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_sequence.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

// Bits of TcpEnd::bits.
inline constexpr uint8_t kNumbered = 0x01;  // the sequence numbers are valid
inline constexpr uint8_t kSpoke = 0x02;     // sent a segment that was seen
inline constexpr uint8_t kSynSeen = 0x04;   // InitialSeq() is that of its SYN
inline constexpr uint8_t kWindowKnown = 0x08;  // window_right is valid
inline constexpr uint8_t kNoScaling = 0x10;  // its SYN offered no window scale
inline constexpr uint8_t kFinSent = 0x20;    // next_seq is past its FIN
inline constexpr uint8_t kFinFirst = 0x40;   // it sent the first FIN
inline constexpr uint8_t kResetSent = 0x80;  // it reset the connection

// TcpEnd::strays counts up to kStraysToResync, or is kStraySyn: the last
// segment that did not fit was a SYN with a new initial sequence number.
inline constexpr uint8_t kStraysToResync = 8;
inline constexpr uint8_t kStraySyn = 0xff;

// The largest shift of RFC 7323 section 2.3, and the largest window.
inline constexpr uint8_t kMaxWindowScale = 14;
inline constexpr uint32_t kMaxWindow = uint32_t{0xffff} << kMaxWindowScale;

// The bits that say what kind of segment it is.
inline constexpr uint8_t kKindFlags = kTcpSyn | kTcpFin | kTcpRst | kTcpAck;

// Neither SYN, FIN nor RST.
inline bool IsPlain(const TcpSegment& segment) {
  return (segment.flags & kKindFlags) == kTcpAck;
}

// ESTABLISHED or later, RFC 9293 section 3.5.
inline bool Synchronized(const TcpEnd& end) {
  return end.state >= TcpState::kEstablished;
}

inline bool Has(const TcpEnd& end, uint8_t bit) { return end.bits & bit; }

// Both ends are ESTABLISHED, all of their numbers are known, and their last
// segments fitted.
inline bool Settled(const TcpEnd& a, const TcpEnd& b) {
  // By words: this is asked for each packet.
  struct Word {
    TcpState state;
    uint8_t window_scale;
    uint8_t bits;
    uint8_t strays;
  };
  constexpr size_t kAt = offsetof(TcpEnd, state);
  static_assert(offsetof(TcpEnd, window_scale) == kAt + 1 &&
                offsetof(TcpEnd, bits) == kAt + 2 &&
                offsetof(TcpEnd, strays) == kAt + 3);
  constexpr uint8_t kKnown = kNumbered | kSpoke | kWindowKnown;
  constexpr auto kMask = std::bit_cast<uint32_t>(
      Word{static_cast<TcpState>(0xff), 0, kKnown, 0xff});
  constexpr auto kSettled =
      std::bit_cast<uint32_t>(Word{TcpState::kEstablished, 0, kKnown, 0});
  uint32_t of_a, of_b;
  std::memcpy(&of_a, &a.state, sizeof(of_a));
  std::memcpy(&of_b, &b.state, sizeof(of_b));
  return (((of_a ^ kSettled) | (of_b ^ kSettled)) & kMask) == 0;
}

// Highest window the end can advertise.
inline uint32_t LargestWindow(const TcpEnd& end) {
  return uint32_t{0xffff} << end.window_scale;
}

inline bool FinAcked(const TcpEnd& end) {
  return Has(end, kFinSent) && end.acked_seq == end.next_seq;
}

// Its FIN and all before it were seen, or are acknowledged.
inline bool FinInOrder(const TcpEnd& end) {
  return Has(end, kFinSent) && end.in_order_seq == end.next_seq;
}

inline TcpOutcome Outcome(const TcpEnd& a, const TcpEnd& b) {
  if (Has(a, kResetSent) || Has(b, kResetSent)) return TcpOutcome::kReset;
  if (FinAcked(a) && FinAcked(b)) return TcpOutcome::kClosed;
  return TcpOutcome::kOpen;
}

// The stream of `end` begins at `first_seq`, as far as we shall ever know.
inline void NumberFrom(TcpEnd* end, uint32_t first_seq) {
  end->bits |= kNumbered;
  end->next_seq = first_seq;
  end->acked_seq = first_seq;
  end->in_order_seq = first_seq;
  end->next_offset = 0;
}

// The end has sent [seq, last).
inline void Advance(TcpEnd* end, uint32_t seq, uint32_t last) {
  if (SeqBefore(end->next_seq, last)) {
    end->next_offset += last - end->next_seq;
    end->next_seq = last;
    // More than the largest window cannot be outstanding: if no acknowledgement
    // was seen, there was one.
    if (last - end->acked_seq > kMaxWindow) end->acked_seq = last - kMaxWindow;
    end->in_order_seq = SeqMax(end->in_order_seq, end->acked_seq);
  }
  if (!SeqBefore(end->in_order_seq, seq)) {
    end->in_order_seq = SeqMax(end->in_order_seq, last);
  }
  // All bytes before a FIN that was already seen.
  if (Has(*end, kFinSent) && end->in_order_seq + 1 == end->next_seq) {
    end->in_order_seq = end->next_seq;
  }
}

// The peer has acknowledged all bytes of `end` before `ack`, seen or not.
inline void Acknowledge(TcpEnd* end, uint32_t ack) {
  if (!Has(*end, kNumbered)) {
    NumberFrom(end, ack);
    return;
  }
  end->acked_seq = SeqMax(end->acked_seq, ack);
  Advance(end, end->in_order_seq, ack);
}

// Goes on at `seq` after the thread was lost. Bytes skipped count as sent, a
// step back as never sent, as far as the stream reaches back.
inline void Resync(TcpEnd* end, uint32_t seq) {
  const int64_t step = SeqDistance(end->next_seq, seq);
  const bool before_start =
      step < 0 && static_cast<uint64_t>(-step) > end->next_offset;
  end->next_offset += before_start ? uint64_t{seq - end->next_seq}
                                   : static_cast<uint64_t>(step);
  end->next_seq = seq;
  end->acked_seq = seq;
  end->in_order_seq = seq;
}

}  // namespace mosd::dataplane
