#include "dataplane/flow/flow_table.h"

#include <algorithm>
#include <utility>

namespace mosd::dataplane {
namespace {

// Flows looked at by one call of Advance or EndBurst.
constexpr uint32_t kWorkPerCall = 128;

}  // namespace

absl::StatusOr<std::unique_ptr<FlowTable>> FlowTable::Create(
    const FlowTableOptions& options, const FlowHash* hash, FrameWriter* frames,
    FlowEventRing* events) {
  const uint32_t capacity =
      options.max_flows + options.max_ended_flows + kBurstSlack;
  auto region = Region::Map(size_t{capacity} * sizeof(FlowRecord));
  if (!region.ok()) return region.status();
  auto index = FlowIndex::Create(capacity);
  if (!index.ok()) return index.status();
  return std::unique_ptr<FlowTable>(new FlowTable(options, hash, frames, events,
                                                  *std::move(region),
                                                  *std::move(index)));
}

FlowTable::FlowTable(const FlowTableOptions& options, const FlowHash* hash,
                     FrameWriter* frames, FlowEventRing* events, Region region,
                     FlowIndex index)
    : options_(options),
      hash_(hash),
      frames_(frames),
      events_(events),
      region_(std::move(region)),
      records_(reinterpret_cast<FlowRecord*>(region_.data())),
      capacity_(options.max_flows + options.max_ended_flows + kBurstSlack),
      index_(std::move(index)),
      wheels_{TimerWheel(records_, kHalfOpenWheel),
              TimerWheel(records_, kEstablishedWheel),
              TimerWheel(records_, kClosingWheel)} {}

FlowTable::Wheel FlowTable::WheelOf(FlowState state) {
  switch (state) {
    case FlowState::kHalfOpen:
      return kHalfOpenWheel;
    case FlowState::kEstablished:
      return kEstablishedWheel;
    default:
      return kClosingWheel;
  }
}

int64_t FlowTable::Timeout(FlowState state) const {
  switch (state) {
    case FlowState::kHalfOpen:
      return options_.timeouts.half_open_ns;
    case FlowState::kEstablished:
      return options_.timeouts.established_ns;
    case FlowState::kTimeWait:
      return options_.timeouts.time_wait_ns;
    default:
      return options_.timeouts.closing_ns;
  }
}

int64_t FlowTable::Deadline(const FlowRecord& flow) const {
  return flow.LastTimeNs() + Timeout(flow.Status().state);
}

FlowId FlowTable::IdOf(const FlowRecord& flow) const {
  return FlowId::Make(options_.worker, NumberOf(flow),
                      flow.generation.load(std::memory_order_relaxed));
}

void FlowTable::PrefetchRecord(uint64_t hash) const {
  index_.ForEachCandidate(hash, [this](uint32_t record) {
    const FlowRecord* flow = &records_[record];
    __builtin_prefetch(flow);
    __builtin_prefetch(&flow->tcp);
    __builtin_prefetch(&flow->side[0]);
    __builtin_prefetch(&flow->side[1]);
    return false;
  });
}

FlowRecord* FlowTable::Find(uint64_t hash, const FlowKey& key) {
  FlowRecord* found = nullptr;
  index_.ForEachCandidate(hash, [&](uint32_t record) {
    found = &records_[record];
    return found->key.Equals(key);
  }) || (found = nullptr);
  return found;
}

FlowRecord* FlowTable::Start(uint64_t hash, const FlowKey& key,
                             uint8_t client_index, bool midstream,
                             int64_t time_ns) {
  if (live_ >= options_.max_flows && !MakeRoom(time_ns)) return nullptr;
  FlowRecord* const ended = Find(hash, key);
  const uint32_t record = TakeRecord();
  if (record == kNoRecord) return nullptr;
  FlowRecord* const flow = &records_[record];
  flow->key.Store(key);
  flow->tcp = {};
  for (FlowSideRecord& side : flow->side) {
    side.frames.Set(0);
    side.wire_bytes.Set(0);
    side.payload_bytes.Set(0);
    side.retransmitted_frames.Set(0);
    side.last_time_ns.Set(0);
  }
  flow->start_time_ns().Set(time_ns);
  flow->end_time_ns().Set(0);
  FlowStatus status{};
  status.state = FlowState::kHalfOpen;
  status.client_index = client_index;
  status.midstream = midstream;
  flow->SetStatus(status);
  const bool indexed = ended != nullptr
                           ? index_.Replace(hash, NumberOf(*ended), record)
                           : index_.Insert(hash, record);
  if (!indexed) {
    flow->next = free_;
    free_ = record;
    return nullptr;
  }
  flow->generation.store(
      flow->generation.load(std::memory_order_relaxed) + 1,
      std::memory_order_release);
  wheels_[kHalfOpenWheel].Add(record,
                              time_ns + Timeout(FlowState::kHalfOpen));
  ++live_;
  ++counts_.by_state[static_cast<size_t>(FlowState::kHalfOpen)];
  ++counts_.started;
  counts_.midstream += midstream ? 1 : 0;
  events_->Push(FlowEventKind::kStarted, IdOf(*flow), time_ns);
  return flow;
}

void FlowTable::Settle(FlowRecord* flow, const FlowStatus& status,
                       int64_t time_ns, bool announce) {
  const FlowStatus before = flow->Status();
  flow->SetStatus(status);
  if (before.state != status.state) {
    --counts_.by_state[static_cast<size_t>(before.state)];
    ++counts_.by_state[static_cast<size_t>(status.state)];
    // The timeouts differ: the deadline may have come nearer.
    wheels_[flow->wheel].Remove(NumberOf(*flow));
    wheels_[WheelOf(status.state)].Add(NumberOf(*flow),
                                       time_ns + Timeout(status.state));
  }
  if (announce) {
    events_->Push(FlowEventKind::kStateChanged, IdOf(*flow), time_ns);
  }
}

void FlowTable::End(FlowRecord* flow, EndReason reason, int64_t time_ns) {
  const uint32_t record = NumberOf(*flow);
  wheels_[flow->wheel].Remove(record);
  FlowStatus status = flow->Status();
  --counts_.by_state[static_cast<size_t>(status.state)];
  ++counts_.by_state[static_cast<size_t>(FlowState::kEnded)];
  ++counts_.ended[static_cast<size_t>(reason)];
  --live_;
  // A flood of SYNs that nobody answered would push everything worth knowing
  // out of the ended flows.
  const bool discard = reason == EndReason::kEvicted &&
                       status.state == FlowState::kHalfOpen &&
                       flow->side[Index(Side::kServer)].frames.Get() == 0;
  status.state = FlowState::kEnded;
  status.end_reason = reason;
  flow->end_time_ns().Set(time_ns);
  flow->SetStatus(status);
  Append(discard ? &discarded_ : &ended_, record);
  events_->Push(FlowEventKind::kEnded, IdOf(*flow), time_ns);
}

void FlowTable::Advance(int64_t now_ns) {
  uint32_t budget = kWorkPerCall;
  for (TimerWheel& wheel : wheels_) {
    wheel.Advance(now_ns, &budget, [&](uint32_t record) {
      FlowRecord* const flow = &records_[record];
      const int64_t deadline = Deadline(*flow);
      wheel.Add(record, deadline);
      if (deadline > now_ns) return;
      const FlowStatus status = flow->Status();
      EndReason reason = EndReason::kIdleTimeout;
      if (status.state == FlowState::kTimeWait) {
        reason = ClosedBy(*flow);
      }
      End(flow, reason, deadline);
    });
  }
}

void FlowTable::EndBurst(int64_t now_ns) {
  while (discarded_.size != 0) GiveBack(PopFront(&discarded_));
  for (uint32_t i = 0; i < kWorkPerCall && ended_.size != 0; ++i) {
    FlowRecord& oldest = records_[ended_.head];
    if (ended_.size <= options_.max_ended_flows &&
        oldest.end_time_ns().Get() + options_.ended_retention_ns > now_ns) {
      break;
    }
    GiveBack(PopFront(&ended_));
  }
}

}  // namespace mosd::dataplane
