// The part of the flow table that other threads call.
#include "dataplane/flow/flow_table.h"

namespace mosd::dataplane {

bool FlowTable::Read(FlowId id, FlowSnapshot* snapshot) const {
  return RecordOf(id) != nullptr &&
         ReadFlowRecord(PartsOf(id.record()), id, snapshot);
}

FlowId FlowTable::FindId(uint64_t hash, const FlowKey& key) const {
  FlowId found;
  bool met_another = false;
  const auto visit = [&](uint32_t record) {
    const FlowRecord& flow = records_[record];
    const uint32_t generation = flow.generation.load(std::memory_order_acquire);
    met_another = generation % 2 == 0 || !HasKey(flow, key) ||
                  flow.generation.load(std::memory_order_relaxed) != generation;
    if (!met_another) found = FlowId::Make(options_.worker, record, generation);
    return !met_another;
  };
  // A record that is not the key's may have been so when its number was read,
  // before it was given back, and a newer flow of the key may stand in its
  // place by now: again and again where flows of the key follow each other all
  // the time. Tags that are equal by chance are rare.
  constexpr int kLooks = 64;
  for (int look = 0; look < kLooks; ++look) {
    met_another = false;
    if (index_.ForEachCandidate(hash, visit) || !met_another) break;
  }
  return found;
}

bool FlowTable::ReadAt(uint32_t record, FlowSnapshot* snapshot) const {
  if (record >= record_count()) return false;
  return ReadFlowRecord(PartsOf(record), IdOf(records_[record]), snapshot);
}

const FlowRecord* FlowTable::RecordOf(FlowId id) const {
  if (id.worker() != options_.worker || id.record() >= record_count()) {
    return nullptr;
  }
  return &records_[id.record()];
}

}  // namespace mosd::dataplane
