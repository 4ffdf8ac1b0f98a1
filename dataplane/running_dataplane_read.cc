// Flows and last frames, read beside the workers that write them.
#include "dataplane/last_frame_reader.h"
#include "dataplane/running_dataplane.h"

namespace mosd::dataplane {
namespace {

// Records that are fetched before their turn comes: a reader that stops after a
// few, to do something with them, would else wait for the first of the next.
constexpr uint32_t kFetchAhead = 12;

}  // namespace

int64_t RunningDataplane::NowNs(uint32_t worker) const {
  return worker < workers_.size() ? workers_[worker]->NowNs() : 0;
}

const FlowTable* RunningDataplane::FlowsOf(FlowId id) const {
  if (id.worker() >= workers_.size()) return nullptr;
  return &workers_[id.worker()]->flows();
}

bool RunningDataplane::ReadFlow(FlowId id, FlowSnapshot* flow) const {
  const FlowTable* const flows = FlowsOf(id);
  return flows != nullptr && flows->Read(id, flow);
}

FlowId RunningDataplane::FindFlow(IpVersion version, const Endpoint& a,
                                  const Endpoint& b) const {
  size_t index;
  const FlowKey key = MakeFlowKey(version, a, b, &index);
  const uint64_t hash = hash_(key);
  return workers_[OwnerOf(hash)]->flows().FindId(hash, key);
}

uint32_t RunningDataplane::WorkerOf(IpVersion version, const Endpoint& a,
                                    const Endpoint& b) const {
  size_t index;
  return OwnerOf(hash_(MakeFlowKey(version, a, b, &index)));
}

uint32_t RunningDataplane::OwnerOf(uint64_t hash) const {
  return handoff_ == nullptr ? 0 : handoff_->OwnerOf(hash);
}

bool RunningDataplane::ScanFlows(ScanCursor* cursor, size_t max_records,
                                 std::span<FlowSnapshot> flows,
                                 size_t* found) const {
  *found = 0;
  while (cursor->worker < workers_.size()) {
    const FlowTable& table = workers_[cursor->worker]->flows();
    for (; cursor->record < table.record_count(); ++cursor->record) {
      if (*found == flows.size() || max_records == 0) return true;
      --max_records;
      table.PrefetchAt(cursor->record + kFetchAhead);
      if (table.ReadAt(cursor->record, &flows[*found])) ++*found;
    }
    ++cursor->worker;
    cursor->record = 0;
  }
  return false;
}

ReadResult RunningDataplane::ReadLastFrame(FlowId id, Side side,
                                           std::span<uint8_t> buffer,
                                           LastFrameInfo* info) const {
  if (id.worker() >= workers_.size()) return ReadResult::kNoFlow;
  const Worker& worker = *workers_[id.worker()];
  return dataplane::ReadLastFrame(worker.flows(), worker.frame_pool(), id, side,
                                  buffer, info);
}

}  // namespace mosd::dataplane
