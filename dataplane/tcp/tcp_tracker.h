// Follows both ends of one TCP connection from one point on the path: RFC 9293
// states, sequence space, windows. One segment in, what it meant out. The
// connection is plain data owned by the caller; thread-compatible.
//
// The observer may miss segments, see them twice or out of order, and join in
// mid-stream; no segment sequence, however hostile, leaves the connection in a
// state from which a later idle timeout cannot end it.
#pragma once

#include <cstdint>

#include "dataplane/flow/side.h"
#include "dataplane/tcp/tcp_state.h"

namespace mosd::dataplane {

// The fields of a TCP header that matter here, host byte order.
struct TcpSegment {
  uint32_t seq;
  uint32_t ack;             // meaningful with kTcpAck in flags
  uint32_t payload_length;  // bytes, padding excluded
  uint16_t window;          // unscaled
  uint8_t flags;            // kTcp* bits of dataplane/packet/parser.h
  uint8_t window_scale;     // of a SYN; kNoWindowScale if absent
};

// One side's part, in 28 bytes. All zero: nothing is known of it. The numbers
// are valid once the side or its peer has spoken.
struct TcpEnd {
  // Stream offset of next_seq; 0 is the byte after SYN. Packed, for a number
  // that wants 8 bytes of alignment would take 4 more.
  uint64_t next_offset [[gnu::packed, gnu::aligned(4)]];
  uint32_t next_seq;   // highest sequence number sent, plus one; a FIN counts
  uint32_t acked_seq;  // highest acknowledgement received from the peer
  uint32_t window_right;  // right edge of the window this side advertised
  uint32_t in_order_seq;  // seen, or acknowledged, without a gap up to here
  TcpState state;
  uint8_t window_scale;  // to apply to this side's advertised window
  uint8_t bits;          // internal to the tracker, see tcp_end.h
  uint8_t strays;  // its segments in a row that did not fit, see tcp_end.h

  // ISN when the SYN was seen, else the first sequence number minus 1.
  uint32_t InitialSeq() const {
    return next_seq - static_cast<uint32_t>(next_offset) - 1;
  }
};
static_assert(sizeof(TcpEnd) == 28);

struct TcpConnection {
  TcpEnd end[kSides];
};
static_assert(sizeof(TcpConnection) == 56);

// The connection as a whole; values are those of mos.v1.FlowState.
enum class FlowState : uint8_t {
  kHalfOpen = 1,
  kEstablished = 2,
  kClosing = 3,
  kTimeWait = 4,
  kEnded = 5,
};
inline constexpr size_t kFlowStates = 6;  // array size, index 0 unused

// How a tracked connection came to its end by its own segments.
enum class TcpOutcome : uint8_t {
  kOpen = 0,  // not over
  kClosed,    // both FINs acknowledged
  kReset,     // an acceptable reset
};

// What one segment meant.
struct TcpUpdate {
  uint64_t offset;      // stream offset of its first payload byte
  TcpOutcome outcome;   // of the connection, after the segment
  Side by;              // kClosed: who sent the first FIN; kReset: who reset;
                        // kOpen: the sender of the segment
  bool state_changed;   // either end's TcpState differs from before
  bool retransmission;  // SYN, FIN or payload that was sent before
  bool repetition;      // its first byte was seen, or acknowledged, before:
                        // also a probe's, and not that of what fills a hole
  bool in_window;       // false: its numbers do not fit; no effect on states
  bool renumbered;      // a SYN with another number than the sender began with:
                        // its stream begins anew, at offset 0
};

// What a segment that belongs to no known connection may start.
enum class TcpOpening : uint8_t {
  kNone =
      0,  // nothing: an orphan (RST, or no ACK and no SYN, or nonsense flags)
  kHandshake,  // a SYN without ACK: its sender is the client
  kMidstream,  // anything else; see TcpInferSender
};
TcpOpening TcpClassifyOpening(const TcpSegment& segment);

// For a connection picked up in mid-stream: which side sent `segment`.
// SYN/ACK: the server. Otherwise the well-known side is the server: the lower
// port number below 1024, else the lower port below 32768 against one above
// it, else the first sender is taken for the client.
Side TcpInferSender(const TcpSegment& segment, uint16_t source_port,
                    uint16_t destination_port);

// Starts a connection with its first seen segment, which is then applied. What
// was in `*connection` before is gone. A segment that TcpClassifyOpening calls
// kNone leaves both ends CLOSED and in_window false.
TcpUpdate TcpOpen(TcpConnection* connection, Side sender,
                  const TcpSegment& segment);

// Applies a further segment.
//
// A retransmission is a SYN or FIN sent before, or payload that begins below
// the highest byte sent. A probe is none: one byte below next_seq that the peer
// has acknowledged (keep-alive, RFC 9293 section 3.8.4) or that its window had
// no room for (section 3.8.6.1).
//
// A segment fits when its sequence and acknowledgement numbers lie in the
// windows of the two ends; an edge that was never seen is open. After
// kStraysToResync segments of one side in a row that did not fit, the observer
// takes itself for the one who missed something, and goes on from there.
//
// Once the outcome is kClosed or kReset, nothing changes any more.
TcpUpdate TcpApply(TcpConnection* connection, Side sender,
                   const TcpSegment& segment);

// Says that all bytes of the sender's stream before `offset` were seen. Whoever
// keeps the bytes knows what lies beyond several holes; the tracker remembers
// one. The receiver's state follows, if they end in a FIN.
void TcpSeenUpTo(TcpConnection* connection, Side sender, uint64_t offset);

// True when `segment`, sent by `sender`, is a SYN that begins a new connection
// on the tuple of `connection`, which is thereby over: its initial sequence
// number is new, and the old connection is closed, was never answered, or is
// confirmed dead (RFC 9293 section 3.10.7.4, RFC 6191). The last is a SYN/ACK
// from one side after a new SYN from the other, neither of which the old
// connection can have sent; ask before applying, for every segment with SYN.
bool TcpStartsAnew(const TcpConnection& connection, Side sender,
                   const TcpSegment& segment);

// True when the last segment of `side` that did not fit is a SYN of another
// connection, and none that fits came from it since. The SYN/ACK that begins a
// new one then answers that SYN. Pure.
bool TcpHasNewSyn(const TcpConnection& connection, Side side);

// The state of the whole from those of the ends.
FlowState TcpFlowState(const TcpConnection& connection);

// Stream offset of the first payload byte of a segment of `sender`, 64 bits,
// right past 4 GiB. Pure; for a segment that is not applied (a late one).
uint64_t TcpStreamOffset(const TcpConnection& connection, Side sender,
                         const TcpSegment& segment);

// How many of a segment's payload bytes lie before the first byte of its
// sender's stream: those of a probe of a connection that was never used. Pure.
uint32_t TcpBytesBeforeStream(const TcpConnection& connection, Side sender,
                              const TcpSegment& segment);

// Stream offset up to which the peer has acknowledged what `sender` sent, and
// up to which it was seen or acknowledged without a gap. A FIN counts in
// neither. 0 while nothing is known. Pure.
uint64_t TcpAckedOffset(const TcpConnection& connection, Side sender);
uint64_t TcpInOrderOffset(const TcpConnection& connection, Side sender);

}  // namespace mosd::dataplane
