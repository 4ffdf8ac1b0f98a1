// Whether a segment's numbers fit the connection. The bounds follow RFC 9293
// section 3.10.7.4 and RFC 5961, widened by what an observer cannot know: which
// of the segments it saw have arrived, and what passed while it looked away
// (G. van Rooij, "Real stateful TCP packet filtering in IP Filter", 2000).
// Internal to the tracker; pure functions, any thread.
#pragma once

#include <cstdint>

#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

// `segment` without RST, from `sender` to `receiver`.
bool SegmentFits(const TcpEnd& sender, const TcpEnd& receiver,
                 const TcpSegment& segment);

// The acknowledgement `ack` of `receiver`'s bytes.
bool AckFits(const TcpEnd& sender, const TcpEnd& receiver, uint32_t ack);

// A SYN with initial sequence number `seq`: the sender's first, or the same.
bool SynFits(const TcpEnd& sender, const TcpEnd& receiver, uint32_t seq);

// `segment` with RST: whether it ends the connection.
bool ResetFits(const TcpEnd& sender, const TcpEnd& receiver,
               const TcpSegment& segment);

}  // namespace mosd::dataplane
