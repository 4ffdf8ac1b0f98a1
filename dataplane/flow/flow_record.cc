#include "dataplane/flow/flow_record.h"

namespace mosd::dataplane {

bool ReadFlowRecord(const FlowParts& parts, FlowId id, FlowSnapshot* snapshot) {
  const FlowRecord& record = parts.record;
  if (!record.Holds(id)) return false;
  // First: the numbers of a flow that has ended are the last ones.
  const FlowStatus status = record.Status();
  for (size_t i = 0; i < kSides; ++i) {
    SideSnapshot& to = snapshot->side[i];
    to.frames = record.frames[i].low();
    to.wire_bytes = record.wire_bytes[i].low();
    to.payload_bytes = record.payload_bytes[i].low();
  }
  // Once more: what it says of the numbers holds for those that were read.
  const bool carried = record.Status().carried();
  const FlowKey key = record.Key(parts.tail);
  snapshot->id = id;
  snapshot->version = key.version;
  snapshot->state = status.state();
  snapshot->end_reason = status.end_reason();
  snapshot->last_speaker = status.last_speaker();
  snapshot->midstream = status.midstream();
  for (size_t i = 0; i < kSides; ++i) {
    SideSnapshot& to = snapshot->side[i];
    to.endpoint = key.endpoint(i ^ status.client_index());
    to.tcp_state = status.tcp_state(i);
    to.has_last_frame = !record.last_frame[i].empty();
    to.retransmitted_frames = parts.cold.retransmitted_frames[i].Get();
    to.last_time_ns = record.last_time_ns[i].Get();
    if (!carried) [[likely]]
      continue;
    const CarriedCounts::Side& high = parts.carried.side[i];
    to.frames = record.frames[i].Total(high.frames);
    to.wire_bytes = record.wire_bytes[i].Total(high.wire_bytes);
    to.payload_bytes = record.payload_bytes[i].Total(high.payload_bytes);
  }
  snapshot->start_time_ns = parts.cold.start_time_ns.Get();
  // The flow may have ended since its status was read.
  snapshot->end_time_ns = status.state() == FlowState::kEnded
                              ? parts.cold.place_or_end.end_time_ns()
                              : 0;
  return record.Holds(id);
}

}  // namespace mosd::dataplane
