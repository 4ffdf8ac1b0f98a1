#include "dataplane/flow/flow_record.h"

#include <cstring>

namespace mosd::dataplane {

uint32_t FlowStatus::Pack() const {
  return static_cast<uint32_t>(state) | static_cast<uint32_t>(end_reason) << 4 |
         static_cast<uint32_t>(tcp_state[0]) << 8 |
         static_cast<uint32_t>(tcp_state[1]) << 12 |
         static_cast<uint32_t>(last_speaker) << 16 |
         static_cast<uint32_t>(client_index) << 17 |
         static_cast<uint32_t>(midstream) << 18;
}

FlowStatus FlowStatus::Unpack(uint32_t word) {
  FlowStatus status;
  status.state = static_cast<FlowState>(word & 15);
  status.end_reason = static_cast<EndReason>(word >> 4 & 15);
  status.tcp_state[0] = static_cast<TcpState>(word >> 8 & 15);
  status.tcp_state[1] = static_cast<TcpState>(word >> 12 & 15);
  status.last_speaker = static_cast<Side>(word >> 16 & 1);
  status.client_index = static_cast<uint8_t>(word >> 17 & 1);
  status.midstream = (word >> 18 & 1) != 0;
  return status;
}

void SharedFlowKey::Store(const FlowKey& key) {
  uint64_t words[kWords];
  std::memcpy(words, &key, sizeof(key));
  // Release: whoever reads a new word also sees that the generation is over.
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

bool SharedFlowKey::Equals(const FlowKey& key) const {
  uint64_t words[kWords];
  std::memcpy(words, &key, sizeof(key));
  uint64_t difference = 0;
  for (size_t i = 0; i < kWords; ++i) {
    difference |= words_[i].load(std::memory_order_relaxed) ^ words[i];
  }
  return difference == 0;
}

bool ReadFlowRecord(const FlowRecord& record, uint32_t generation,
                    FlowSnapshot* snapshot) {
  const auto lives_here = [&](std::memory_order order) {
    return generation % 2 != 0 && (record.generation.load(order) &
                                   FlowId::kGenerationMask) == generation;
  };
  if (!lives_here(std::memory_order_acquire)) return false;
  const FlowKey key = record.key.Load();
  const FlowStatus status = record.Status();
  snapshot->version = key.version;
  snapshot->state = status.state;
  snapshot->end_reason = status.end_reason;
  snapshot->last_speaker = status.last_speaker;
  snapshot->midstream = status.midstream;
  for (size_t i = 0; i < kSides; ++i) {
    const FlowSideRecord& from = record.side[i];
    SideSnapshot& to = snapshot->side[i];
    to.endpoint = key.endpoint(i ^ status.client_index);
    to.tcp_state = status.tcp_state[i];
    to.has_last_frame = !from.last_frame.empty();
    to.frames = from.frames.Get();
    to.wire_bytes = from.wire_bytes.Get();
    to.payload_bytes = from.payload_bytes.Get();
    to.retransmitted_frames = from.retransmitted_frames.Get();
    to.last_time_ns = from.last_time_ns.Get();
  }
  snapshot->start_time_ns = record.side[0].start_or_end_time_ns.Get();
  snapshot->end_time_ns = record.side[1].start_or_end_time_ns.Get();
  // Orders the relaxed loads above before the last look at the generation,
  // which a reuse changes before it touches anything else.
  std::atomic_thread_fence(std::memory_order_acquire);
  return lives_here(std::memory_order_relaxed);
}

}  // namespace mosd::dataplane
