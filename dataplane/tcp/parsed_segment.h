// What the tracker is told of a parsed frame. Any thread.
#pragma once

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

inline TcpSegment SegmentOf(const ParsedFrame& frame) {
  return {frame.seq,    frame.ack,       frame.payload_length,
          frame.window, frame.tcp_flags, frame.window_scale};
}

}  // namespace mosd::dataplane
