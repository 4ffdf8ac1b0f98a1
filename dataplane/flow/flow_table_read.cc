// The part of the flow table that other threads call.
#include "dataplane/flow/flow_table.h"

namespace mosd::dataplane {

bool FlowTable::Read(FlowId id, FlowSnapshot* snapshot) const {
  const FlowRecord* const flow = RecordOf(id);
  snapshot->id = id;
  return flow != nullptr && ReadFlowRecord(*flow, id.generation(), snapshot);
}

FlowId FlowTable::FindId(uint64_t hash, const FlowKey& key) const {
  FlowId found;
  bool overtaken = false;
  const auto visit = [&](uint32_t record) {
    const FlowRecord& flow = records_[record];
    const uint32_t generation = flow.generation.load(std::memory_order_acquire);
    const bool same = flow.key.Load() == key;
    if (generation % 2 == 0 ||
        flow.generation.load(std::memory_order_relaxed) != generation) {
      overtaken = true;
      return false;
    }
    if (same) found = FlowId::Make(options_.worker, record, generation);
    return same;
  };
  // A record that was given back after its number was read may have had a
  // successor of the same key, which stands in the same place.
  constexpr int kLooks = 4;
  for (int look = 0; look < kLooks; ++look) {
    overtaken = false;
    if (index_.ForEachCandidate(hash, visit) || !overtaken) break;
  }
  return found;
}

bool FlowTable::ReadAt(uint32_t record, FlowSnapshot* snapshot) const {
  if (record >= record_count()) return false;
  return Read(IdOf(records_[record]), snapshot);
}

const FlowRecord* FlowTable::RecordOf(FlowId id) const {
  if (id.worker() != options_.worker || id.record() >= record_count()) {
    return nullptr;
  }
  return &records_[id.record()];
}

}  // namespace mosd::dataplane
