#include "dataplane/flow/flow_record.h"

#include <cstring>

namespace mosd::dataplane {

void SharedFlowKey::Store(const FlowKey& key) {
  uint64_t words[kWords];
  std::memcpy(words, &key, sizeof(key));
  for (size_t i = 0; i < kWords; ++i) {
    words_[i].store(words[i], std::memory_order_release);
  }
}

FlowKey SharedFlowKey::Load() const {
  uint64_t words[kWords];
  for (size_t i = 0; i < kWords; ++i) {
    words[i] = words_[i].load(std::memory_order_acquire);
  }
  FlowKey key;
  std::memcpy(&key, words, sizeof(key));
  return key;
}

bool ReadFlowRecord(const FlowRecord& record, uint32_t generation,
                    FlowSnapshot* snapshot) {
  const auto lives_here = [&] {
    return generation % 2 != 0 &&
           (record.generation.load(std::memory_order_acquire) &
            FlowId::kGenerationMask) == generation;
  };
  if (!lives_here()) return false;
  const FlowKey key = record.key.Load();
  const FlowStatus status = record.Status();
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
    to.retransmitted_frames = from.retransmitted_frames.Get();
    to.last_time_ns = from.last_time_ns.Get();
  }
  snapshot->start_time_ns = record.side[0].start_or_end_time_ns.Get();
  // The flow may have ended since its status was read.
  snapshot->end_time_ns =
      status.state() == FlowState::kEnded ? record.EndTimeNs() : 0;
  return lives_here();
}

}  // namespace mosd::dataplane
