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

[[gnu::always_inline]] inline bool FlowTracker::TrackExpected(
    FlowRecord* flow, IpVersion version, size_t source_index,
    const TcpSegment& segment, uint32_t wire_length, int64_t time_ns,
    ExpectedFrame* tracked) {
  FlowStatus status = flow->Status();
  const size_t sender = source_index ^ status.client_index();
  TcpEnd* const from = Held(&flow->tcp.end[sender]);
  TcpEnd* const to = Held(&flow->tcp.end[1] - sender);
  if (!status.Has(FlowState::kEstablished, version) ||
      !TcpIsExpected(*from, *to, segment) ||
      !table_->IsAlive(*flow, FlowState::kEstablished, time_ns)) {
    return false;
  }
  tracked->flow = flow;
  tracked->sender = sender;
  tracked->slot = Held(&flow->last_frame[sender]);
  tracked->stream_offset = TcpApplyExpected(from, to, segment);
  flow->last_time_ns[sender].Set(time_ns);
  status.set_last_speaker(static_cast<Side>(sender));
  flow->SetStatus(status);
  // As Count(), but that the table is held in no register before it is needed.
  if (!FlowTable::CountLow(flow, sender, wire_length, segment.payload_length))
      [[unlikely]] {
    table_->CountAndCarry(flow, sender, wire_length, segment.payload_length);
  }
  return true;
}

}  // namespace mosd::dataplane
