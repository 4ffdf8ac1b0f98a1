#include "dataplane/flow/flow_record.h"

namespace mosd::dataplane {

bool ReadFlowRecord(const FlowRecord& record, const SharedKeyTail& tail,
                    FlowId id, FlowSnapshot* snapshot) {
  if (!record.Holds(id)) return false;
  const FlowKey key = record.Key(tail);
  const FlowStatus status = record.Status();
  snapshot->id = id;
  snapshot->version = key.version;
  snapshot->state = status.state();
  snapshot->end_reason = status.end_reason();
  snapshot->last_speaker = status.last_speaker();
  snapshot->midstream = status.midstream();
  for (size_t i = 0; i < kSides; ++i) {
    const FlowSideRecord& from = record.side[i];
    SideSnapshot& to = snapshot->side[i];
    to.endpoint = key.endpoint(i ^ status.client_index());
    to.tcp_state = status.tcp_state(i);
    to.has_last_frame = !from.last_frame.empty();
    to.frames = from.frames.Get();
    to.wire_bytes = from.wire_bytes.Get();
    to.payload_bytes = from.payload_bytes.Get();
    to.retransmitted_frames = record.retransmitted_frames[i].Get();
    to.last_time_ns = record.last_time_ns[i].Get();
  }
  snapshot->start_time_ns = record.start_time_ns.Get();
  // The flow may have ended since its status was read.
  snapshot->end_time_ns = status.state() == FlowState::kEnded
                              ? record.place_or_end.end_time_ns()
                              : 0;
  return record.Holds(id);
}

}  // namespace mosd::dataplane
