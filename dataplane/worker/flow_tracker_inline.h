// The way of most segments through FlowTracker, in line.
#pragma once

#include <cstdint>

#include "dataplane/tcp/parsed_segment.h"
#include "dataplane/tcp/tcp_expected.h"
#include "dataplane/tcp/tcp_tracker.h"
#include "dataplane/worker/flow_tracker.h"

namespace mosd::dataplane {

inline Side SenderOf(uint8_t source_index, const FlowStatus& status) {
  return source_index == status.client_index() ? Side::kClient : Side::kServer;
}

inline void CountFrame(FlowSideRecord* side, const ParsedFrame& frame,
                       uint32_t wire_length, int64_t time_ns) {
  side->frames.Add(1);
  side->wire_bytes.Add(wire_length);
  side->payload_bytes.Add(frame.payload_length);
  side->last_time_ns.Set(time_ns);
}

// A segment in order on an established flow that has not timed out. It may be
// said of `flow` only as long as it lives, for then no other has its key.
[[gnu::always_inline]] inline bool FlowTracker::TrackExpected(
    FlowRecord* flow, const ParsedFrame& frame, uint32_t wire_length,
    int64_t time_ns, TrackedFrame* tracked) {
  FlowStatus status = flow->Status();
  const Side sender = SenderOf(frame.source_index, status);
  const TcpSegment segment = SegmentOf(frame);
  if (status.state() != FlowState::kEstablished ||
      !flow->key.Equals(frame.key) ||
      !TcpIsExpected(flow->tcp, sender, segment) ||
      table_->Deadline(*flow) <= time_ns) {
    return false;
  }
  *tracked = {};
  tracked->flow = flow;
  tracked->sender = sender;
  tracked->in_window = true;
  tracked->state_before[0] = tracked->state_before[1] = TcpState::kEstablished;
  tracked->stream_offset = TcpApplyExpected(&flow->tcp, sender, segment);
  CountFrame(&flow->side[Index(sender)], frame, wire_length, time_ns);
  if (status.last_speaker() != sender) {
    status.set_last_speaker(sender);
    flow->SetStatus(status);
  }
  return true;
}

inline DropReason FlowTracker::Track(uint64_t hash, FlowRecord* likely,
                                     const ParsedFrame& frame,
                                     uint32_t wire_length, int64_t time_ns,
                                     TrackedFrame* tracked) {
  if (likely != nullptr &&
      TrackExpected(likely, frame, wire_length, time_ns, tracked)) [[likely]]
    return DropReason::kNone;
  return TrackAny(hash, frame, wire_length, time_ns, tracked);
}

}  // namespace mosd::dataplane
