// See tcp_acceptance.h. All ranges are of sequence numbers, both ends included.
#include "dataplane/tcp/tcp_acceptance.h"

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_sequence.h"

namespace mosd::dataplane {
namespace {

// Where the receiver's window ends, or must end if it was never seen.
uint32_t RightEdge(const TcpEnd& sender, const TcpEnd& receiver) {
  return Has(receiver, kWindowKnown) ? receiver.window_right
                                     : sender.next_seq + kMaxWindow;
}

bool FinFits(const TcpEnd& sender, uint32_t last) {
  return Has(sender, kFinSent) ? last == sender.next_seq
                               : !SeqBefore(last, sender.next_seq);
}

}  // namespace

bool SynFits(const TcpEnd& sender, const TcpEnd& receiver, uint32_t seq) {
  if (!Has(sender, kNumbered)) return true;
  if (Has(sender, kSynSeen | kSpoke)) return seq == sender.InitialSeq();
  // Known only from what the receiver acknowledged: the SYN comes before that.
  return SeqWithin(seq + 1, sender.next_seq - LargestWindow(receiver),
                   sender.next_seq);
}

bool AckFits(const TcpEnd& sender, const TcpEnd& receiver, uint32_t ack) {
  if (!Has(receiver, kNumbered)) return true;
  // Until its SYN is acknowledged, nothing else can be, and nothing beyond what
  // was sent (RFC 9293 section 3.10.7.3).
  const bool opening = receiver.state == TcpState::kSynSent ||
                       receiver.state == TcpState::kSynRcvd;
  if (opening && Has(receiver, kSynSeen)) {
    return SeqWithin(ack, receiver.InitialSeq() + 1, receiver.next_seq);
  }
  // RFC 5961 section 5.2. Bytes we missed may be acknowledged, as long as the
  // sender had allowed the receiver to send them; none follow a FIN.
  const uint32_t oldest = receiver.acked_seq - LargestWindow(sender);
  uint32_t newest = receiver.next_seq;
  if (!Has(receiver, kFinSent)) {
    newest = SeqMax(newest, RightEdge(receiver, sender));
  }
  return SeqWithin(ack, oldest, newest);
}

bool SegmentFits(const TcpEnd& sender, const TcpEnd& receiver,
                 const TcpSegment& segment) {
  constexpr uint8_t kKind = kTcpSyn | kTcpFin | kTcpAck;
  const uint8_t kind = segment.flags & kKind;
  const bool syn = kind & kTcpSyn;
  const bool fin = kind & kTcpFin;
  if ((syn && fin) || (!syn && !(kind & kTcpAck))) return false;
  if ((kind & kTcpAck) && !AckFits(sender, receiver, segment.ack)) return false;
  if (syn) {
    // A server that keeps no state (SYN cookies, RFC 4987 section 3.6) answers
    // each SYN with another number; the last one counts until it is answered.
    const bool unanswered =
        (kind & kTcpAck) && sender.state == TcpState::kSynRcvd;
    return unanswered || SynFits(sender, receiver, segment.seq);
  }
  // In SYN-SENT a bare acknowledgement is dropped (RFC 9293 section 3.10.7.3).
  // Anything more shows that we missed the SYN/ACK.
  if (receiver.state == TcpState::kSynSent && !fin &&
      segment.payload_length == 0) {
    return false;
  }
  if (!Has(sender, kNumbered)) return true;

  const uint32_t last = segment.seq + segment.payload_length + (fin ? 1 : 0);
  if (fin && !FinFits(sender, last)) return false;
  // There is nothing after a FIN.
  if (Has(sender, kFinSent) && SeqBefore(sender.next_seq, last)) return false;
  // A segment may begin at the right edge: an empty one in a closed window, or
  // a probe of it. Old ones count as far back as a window reaches.
  return SeqWithin(segment.seq, sender.acked_seq - LargestWindow(receiver),
                   RightEdge(sender, receiver));
}

bool ResetFits(const TcpEnd& sender, const TcpEnd& receiver,
               const TcpSegment& segment) {
  // RFC 9293 section 3.10.7.3: it must acknowledge the SYN, its own number is
  // of no matter (a closed port answers with 0).
  if (receiver.state == TcpState::kSynSent) {
    return (segment.flags & kTcpAck) &&
           SeqWithin(segment.ack, receiver.InitialSeq() + 1, receiver.next_seq);
  }
  if (!Has(sender, kNumbered)) return false;
  // RFC 5961 section 3.2: exactly the number that the receiver expects next,
  // which is somewhere between what it acknowledged and what we saw: later
  // segments may have been lost behind us, and a stack that gives up on a
  // retransmission may reset from there. With a gap, the receiver may also have
  // got what we missed. The SYN has always arrived: a half-open connection is
  // reset at ISN + 1.
  uint32_t lowest = sender.acked_seq;
  if (Has(sender, kSynSeen)) lowest = SeqMax(lowest, sender.InitialSeq() + 1);
  const bool gap = sender.in_order_seq != sender.next_seq;
  return SeqWithin(segment.seq, lowest,
                   gap ? RightEdge(sender, receiver) : sender.next_seq);
}

}  // namespace mosd::dataplane
