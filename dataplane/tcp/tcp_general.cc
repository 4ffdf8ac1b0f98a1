// See tcp_general.h.
#include "dataplane/tcp/tcp_general.h"

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_acceptance.h"
#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_sequence.h"
#include "dataplane/tcp/tcp_transitions.h"

namespace mosd::dataplane {
namespace {

void Move(TcpEnd* end, TcpEvent event) {
  end->state = TcpNextState(end->state, event);
}

Side WhoEnded(const TcpConnection& connection, TcpOutcome outcome, Side other) {
  if (outcome == TcpOutcome::kOpen) return other;
  const uint8_t bit = outcome == TcpOutcome::kReset ? kResetSent : kFinFirst;
  return Has(connection.end[Index(Side::kServer)], bit) ? Side::kServer
                                                        : Side::kClient;
}

// One byte below next_seq that the peer has already, or had no room for.
bool IsProbe(const TcpEnd& sender, const TcpEnd& receiver,
             const TcpSegment& segment) {
  if (!IsPlain(segment) || segment.payload_length != 1) return false;
  if (segment.seq + 1 != sender.next_seq) return false;
  const bool no_room = Has(receiver, kWindowKnown) &&
                       !SeqBefore(segment.seq, receiver.window_right);
  return no_room || sender.acked_seq == sender.next_seq;
}

// Of a segment that fits.
bool IsRetransmission(const TcpEnd& sender, const TcpEnd& receiver,
                      const TcpSegment& segment) {
  if (!Has(sender, kNumbered)) return false;
  if (segment.flags & kTcpSyn) {
    // The first SYN/ACK after a SYN is a new segment (simultaneous open).
    return Has(sender, kSynSeen) && segment.seq == sender.InitialSeq() &&
           (!(segment.flags & kTcpAck) || Has(sender, kWindowKnown));
  }
  if ((segment.flags & kTcpFin) && Has(sender, kFinSent)) return true;
  return segment.payload_length > 0 &&
         SeqBefore(segment.seq, sender.next_seq) &&
         !IsProbe(sender, receiver, segment);
}

// Of a segment that fits: whether its first byte was seen, or acknowledged, a
// probe's included; of one without payload, whether its SYN or FIN was sent.
bool IsRepetition(const TcpEnd& sender, const TcpSegment& segment,
                  bool retransmission) {
  if (segment.payload_length == 0 || (segment.flags & kTcpSyn)) {
    return retransmission;
  }
  return Has(sender, kNumbered) && SeqBefore(segment.seq, sender.in_order_seq);
}

// RFC 7323 section 2.2: both SYNs must offer scaling. Only the first SYN of an
// end counts; an end whose SYN was missed keeps the largest scale.
void LearnScale(TcpEnd* sender, TcpEnd* receiver, uint8_t scale) {
  if (scale == kNoWindowScale) {
    sender->bits |= kNoScaling;
    sender->window_scale = 0;
    receiver->window_scale = 0;
  } else if (!Has(*receiver, kNoScaling)) {
    sender->window_scale = scale < kMaxWindowScale ? scale : kMaxWindowScale;
  }
}

void LearnSyn(TcpEnd* sender, TcpEnd* receiver, const TcpSegment& segment) {
  const bool seen = Has(*sender, kSynSeen);
  if (seen && segment.seq == sender->InitialSeq()) return;
  if (seen || !Has(*sender, kNumbered)) {
    NumberFrom(sender, segment.seq + 1);
    sender->acked_seq = segment.seq;
  } else {
    // The receiver's acknowledgements told where the sender is, not since when.
    sender->next_offset = sender->next_seq - (segment.seq + 1);
  }
  sender->bits |= kSynSeen;
  if (!seen) LearnScale(sender, receiver, segment.window_scale);
}

// The first segment of an end that was joined in mid-stream.
void LearnFirst(TcpEnd* sender, uint32_t seq) {
  if (!Has(*sender, kNumbered) || SeqBefore(sender->next_seq, seq)) {
    NumberFrom(sender, seq);
  } else {
    sender->next_offset = sender->next_seq - seq;
  }
}

// Takes the numbers of a segment that fits, the acknowledgement excepted.
void LearnSent(TcpEnd* sender, TcpEnd* receiver, const TcpSegment& segment) {
  const bool syn = segment.flags & kTcpSyn;
  const bool fin = segment.flags & kTcpFin;
  if (syn) {
    LearnSyn(sender, receiver, segment);
  } else if (!Has(*sender, kSpoke)) {
    LearnFirst(sender, segment.seq);
  }
  sender->bits |= kSpoke;
  const uint32_t last = segment.seq + segment.payload_length + (syn || fin);
  Advance(sender, segment.seq, last);
  if (fin && !Has(*sender, kFinSent)) {
    sender->bits |= kFinSent;
    if (!Has(*receiver, kFinSent)) sender->bits |= kFinFirst;
  }
}

void LearnWindow(TcpEnd* sender, const TcpSegment& segment) {
  // The window of a SYN is not scaled, RFC 7323 section 2.2.
  const int scale = segment.flags & kTcpSyn ? 0 : sender->window_scale;
  const uint32_t right = segment.ack + (uint32_t{segment.window} << scale);
  sender->window_right =
      Has(*sender, kWindowKnown) ? SeqMax(sender->window_right, right) : right;
  sender->bits |= kWindowKnown;
}

// What the sender's end did, as an event.
void MoveSender(TcpEnd* sender, const TcpSegment& segment, bool fast_open) {
  if (segment.flags & kTcpSyn) {
    Move(sender,
         segment.flags & kTcpAck ? TcpEvent::kSendSynAck : TcpEvent::kSendSyn);
  } else if (!(fast_open && sender->state == TcpState::kSynRcvd)) {
    // With data on the SYN, a server may answer before it is established (RFC
    // 7413 section 4.2).
    Move(sender, TcpEvent::kSendAck);
  }
}

void MoveReceiver(TcpEnd* receiver, const TcpSegment& segment) {
  if (!(segment.flags & kTcpSyn)) {
    Move(receiver, TcpEvent::kSynAcked);
  } else {
    Move(receiver, segment.flags & kTcpAck ? TcpEvent::kReceiveSynAck
                                           : TcpEvent::kReceiveSyn);
  }
}

// A segment that fits, on a connection that is not over.
void ApplyFitting(TcpEnd* sender, TcpEnd* receiver, const TcpSegment& segment) {
  const bool fast_open = Has(*receiver, kSynSeen) && receiver->next_offset > 0;
  const bool had_fin = Has(*sender, kFinSent);
  LearnSent(sender, receiver, segment);
  if (segment.flags & kTcpAck) {
    Acknowledge(receiver, segment.ack);
    LearnWindow(sender, segment);
  }
  sender->strays = 0;

  MoveSender(sender, segment, fast_open);
  if (FinInOrder(*receiver)) Move(sender, TcpEvent::kReceiveFin);
  if (Has(*sender, kFinSent) && !had_fin) {
    const bool crossing = Has(*receiver, kFinSent) && !FinAcked(*receiver);
    Move(sender, crossing ? TcpEvent::kSendCrossingFin : TcpEvent::kSendFin);
  }

  MoveReceiver(receiver, segment);
  if (FinAcked(*receiver)) Move(receiver, TcpEvent::kFinAcked);
  if (FinInOrder(*sender)) Move(receiver, TcpEvent::kReceiveFin);
  // A FIN that was acknowledged before it was first seen.
  if (FinAcked(*sender)) Move(sender, TcpEvent::kFinAcked);
}

// A segment that does not fit. True if it is one too many: the connection then
// goes on from it, and it fits.
bool Stray(TcpEnd* sender, TcpEnd* receiver, const TcpSegment& segment) {
  if (!Synchronized(*sender) || !Synchronized(*receiver)) {
    return false;
  }
  if ((segment.flags & kKindFlags) == kTcpSyn) {
    sender->strays = kStraySyn;
    return false;
  }
  if (!IsPlain(segment) || Has(*sender, kFinSent)) return false;
  const bool ack_fits = AckFits(*sender, *receiver, segment.ack);
  if (!ack_fits && Has(*receiver, kFinSent)) return false;
  if (sender->strays == kStraySyn) sender->strays = 0;
  if (++sender->strays < kStraysToResync) return false;
  Resync(sender, segment.seq);
  if (!ack_fits) Resync(receiver, segment.ack);
  sender->bits &= static_cast<uint8_t>(~kWindowKnown);
  receiver->bits &= static_cast<uint8_t>(~kWindowKnown);
  return true;
}

bool ApplyReset(TcpEnd* sender, TcpEnd* receiver, const TcpSegment& segment) {
  if ((segment.flags & (kTcpSyn | kTcpFin)) != 0) return false;
  if (!ResetFits(*sender, *receiver, segment)) return false;
  if (Outcome(*sender, *receiver) != TcpOutcome::kOpen) return true;
  sender->bits |= kResetSent;
  Move(sender, TcpEvent::kSendReset);
  Move(receiver, TcpEvent::kReceiveReset);
  return true;
}

}  // namespace

void TcpSeenUpTo(TcpConnection* connection, Side sender, uint64_t offset) {
  TcpEnd& from = connection->end[Index(sender)];
  TcpEnd& to = connection->end[Index(Other(sender))];
  if (!Has(from, kNumbered) || offset > from.next_offset) return;
  const uint32_t seq =
      from.next_seq - static_cast<uint32_t>(from.next_offset - offset);
  if (!SeqBefore(from.in_order_seq, seq)) return;
  from.in_order_seq = seq;
  if (Has(from, kFinSent) && from.in_order_seq + 1 == from.next_seq) {
    from.in_order_seq = from.next_seq;
  }
  const bool open = Outcome(from, to) == TcpOutcome::kOpen;
  if (open && FinInOrder(from)) Move(&to, TcpEvent::kReceiveFin);
}

TcpUpdate ApplyGeneral(TcpConnection* connection, Side side,
                       const TcpSegment& segment) {
  TcpEnd* const sender = &connection->end[Index(side)];
  TcpEnd* const receiver = &connection->end[Index(Other(side))];
  const TcpState sender_before = sender->state;
  const TcpState receiver_before = receiver->state;
  TcpUpdate update{};
  if (segment.flags & kTcpRst) {
    update.in_window = ApplyReset(sender, receiver, segment);
  } else {
    const bool open = Outcome(*sender, *receiver) == TcpOutcome::kOpen;
    update.in_window = SegmentFits(*sender, *receiver, segment) ||
                       (open && Stray(sender, receiver, segment));
    if (update.in_window) {
      update.retransmission = IsRetransmission(*sender, *receiver, segment);
      update.repetition = IsRepetition(*sender, segment, update.retransmission);
      update.renumbered = open && (segment.flags & kTcpSyn) &&
                          Has(*sender, kSpoke) &&
                          segment.seq != sender->InitialSeq();
      if (open) ApplyFitting(sender, receiver, segment);
    }
  }
  update.offset = TcpStreamOffset(*connection, side, segment);
  update.outcome = Outcome(*sender, *receiver);
  update.by = WhoEnded(*connection, update.outcome, side);
  update.state_changed =
      sender->state != sender_before || receiver->state != receiver_before;
  return update;
}

}  // namespace mosd::dataplane
