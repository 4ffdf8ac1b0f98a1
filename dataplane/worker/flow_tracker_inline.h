// The way of most segments through FlowTracker, in line.
#pragma once

#include <cstdint>

#include "dataplane/base/held.h"
#include "dataplane/tcp/tcp_expected.h"
#include "dataplane/tcp/tcp_tracker.h"
#include "dataplane/worker/flow_tracker.h"

namespace mosd::dataplane {

inline Side SenderOf(size_t source_index, const FlowStatus& status) {
  return static_cast<Side>(source_index ^ status.client_index());
}

inline void CountFrame(FlowRecord* flow, size_t sender, uint32_t wire_length,
                       uint32_t payload_length, int64_t time_ns) {
  flow->last_time_ns[sender].Set(time_ns);
  FlowSideRecord* const side = Held(&flow->side[sender]);
  side->frames.Add(1);
  side->wire_bytes.Add(wire_length);
  side->payload_bytes.Add(payload_length);
}

[[gnu::always_inline]] inline bool FlowTracker::TrackExpected(
    FlowRecord* flow, size_t source_index, const TcpSegment& segment,
    uint32_t wire_length, int64_t time_ns, ExpectedFrame* tracked) {
  FlowStatus status = flow->Status();
  const size_t sender = source_index ^ status.client_index();
  TcpEnd* const from = Held(&flow->tcp.end[sender]);
  TcpEnd* const to = Held(&flow->tcp.end[sender ^ 1]);
  if (status.state() != FlowState::kEstablished ||
      !TcpIsExpected(*from, *to, segment) ||
      table_->Deadline(*flow, FlowState::kEstablished) <= time_ns) {
    return false;
  }
  tracked->flow = flow;
  tracked->sender = sender;
  tracked->stream_offset = TcpApplyExpected(from, to, segment);
  CountFrame(flow, sender, wire_length, segment.payload_length, time_ns);
  if (Index(status.last_speaker()) != sender) {
    status.set_last_speaker(static_cast<Side>(sender));
    flow->SetStatus(status);
  }
  return true;
}

}  // namespace mosd::dataplane
