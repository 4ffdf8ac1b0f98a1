#include "dataplane/flow/flow_table.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

#include "dataplane/flow/flow_sink.h"

namespace mosd::dataplane {
namespace {

// Flows looked at by one call of Advance, and, for their age, of EndBurst.
constexpr uint32_t kWorkPerCall = 128;
static_assert(2 * kWorkPerCall <= FlowTable::kBurstSlack);

// New flows for which records that were never used are fetched ahead.
constexpr uint32_t kTakenAhead = 8;

// Established flows looked at for one that is idle, when the table is full.
constexpr int kEvictionLooks = 8;

EndReason ReasonAtDeadline(const FlowRecord& flow, const FlowColdRecord& cold) {
  return flow.Status().state() == FlowState::kTimeWait
             ? cold.place_or_end.closed_by()
             : EndReason::kIdleTimeout;
}

std::array<int64_t, kFlowStates> ByState(const Timeouts& timeouts) {
  std::array<int64_t, kFlowStates> by_state{};
  const auto of = [&](FlowState state) -> int64_t& {
    return by_state[static_cast<size_t>(state)];
  };
  of(FlowState::kHalfOpen) = timeouts.half_open_ns;
  of(FlowState::kEstablished) = timeouts.established_ns;
  of(FlowState::kClosing) = timeouts.closing_ns;
  of(FlowState::kTimeWait) = timeouts.time_wait_ns;
  return by_state;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FlowTable>> FlowTable::Create(
    const FlowTableOptions& options, const FlowHash* hash, FrameWriter* frames,
    FlowEventRing* events) {
  const uint32_t capacity = RecordsFor(options);
  Arrays arrays;
  const std::tuple<Region*, size_t, PageSize> parts[] = {
      {&arrays.records, sizeof(FlowRecord), PageSize::kHuge},
      {&arrays.colds, sizeof(FlowColdRecord), PageSize::kHuge},
      {&arrays.tails, sizeof(SharedKeyTail), PageSize::kHuge},
      // Few flows have them: a huge page would be backed for one.
      {&arrays.carried, sizeof(CarriedCounts), PageSize::kUsual}};
  for (const auto& [region, bytes, pages] : parts) {
    auto mapped = Region::Map(capacity * bytes, pages);
    if (!mapped.ok()) return mapped.status();
    *region = *std::move(mapped);
  }
  auto index = FlowIndex::Create(capacity);
  if (!index.ok()) return index.status();
  return std::unique_ptr<FlowTable>(new FlowTable(
      options, hash, frames, events, std::move(arrays), *std::move(index)));
}

FlowTable::FlowTable(const FlowTableOptions& options, const FlowHash* hash,
                     FrameWriter* frames, FlowEventRing* events, Arrays arrays,
                     FlowIndex index)
    : options_(options),
      timeout_ns_(ByState(options.timeouts)),
      hash_(hash),
      frames_(frames),
      events_(events),
      arrays_(std::move(arrays)),
      records_(reinterpret_cast<FlowRecord*>(arrays_.records.data())),
      colds_(reinterpret_cast<FlowColdRecord*>(arrays_.colds.data())),
      tails_(reinterpret_cast<SharedKeyTail*>(arrays_.tails.data())),
      carried_(reinterpret_cast<CarriedCounts*>(arrays_.carried.data())),
      capacity_(RecordsFor(options)),
      index_(std::move(index)),
      wheels_{TimerWheel(colds_, kHalfOpenWheel),
              TimerWheel(colds_, kEstablishedWheel),
              TimerWheel(colds_, kClosingWheel)},
      ended_(colds_),
      discarded_(colds_) {
  nobody_.StoreHead({UINT64_MAX, UINT32_MAX});
}

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

FlowId FlowTable::IdOf(const FlowRecord& flow) const {
  return FlowId::Make(options_.worker, NumberOf(flow),
                      flow.generation.load(std::memory_order_relaxed));
}

bool FlowTable::HasKey(const FlowRecord& flow, const FlowKey& key) const {
  return flow.HasHead(FlowKeyHead::Of(key)) &&
         flow.Status().ip_version() == key.version &&
         (key.version == IpVersion::kIpv4 ||
          tails_[NumberOf(flow)].Load() == FlowKeyTail::Of(key));
}

FlowKey FlowTable::KeyOf(const FlowRecord& flow) const {
  return flow.Key(tails_[NumberOf(flow)]);
}

uint64_t FlowTable::FramesOf(const FlowRecord& flow, Side side) const {
  const size_t i = Index(side);
  return flow.frames[i].Total(carried_[NumberOf(flow)].side[i].frames);
}

FlowRecord* FlowTable::Find(uint64_t hash, const FlowKey& key) {
  FlowRecord* found = nullptr;
  index_.ForEachCandidate(hash,
                          [&](uint32_t record) {
                            found = &records_[record];
                            return HasKey(*found, key);
                          }) ||
      (found = nullptr);
  return found;
}

FlowRecord* FlowTable::Start(uint64_t hash, const FlowKey& key,
                             size_t client_index, bool midstream,
                             int64_t time_ns) {
  if (live_ >= options_.max_flows && !MakeRoom(time_ns)) return nullptr;
  FlowRecord* const ended = Find(hash, key);
  const uint32_t record = TakeRecord();
  if (record == kNoRecord) return nullptr;
  FlowRecord* const flow = &records_[record];
  FlowColdRecord* const cold = &colds_[record];
  flow->StoreHead(FlowKeyHead::Of(key));
  if (key.version != IpVersion::kIpv4) {
    tails_[record].Store(FlowKeyTail::Of(key));
  }
  flow->tcp = {};
  cold->sink_data = 0;
  // Of the flow that was here before.
  const bool carried = flow->Status().carried();
  for (size_t i = 0; i < kSides; ++i) {
    flow->frames[i].set_low(0);
    flow->wire_bytes[i].set_low(0);
    flow->payload_bytes[i].set_low(0);
    if (carried) carried_[record].side[i].Clear();
    cold->retransmitted_frames[i].Set(0);
    flow->last_time_ns[i].Set(0);
  }
  cold->start_time_ns.Set(time_ns);
  FlowStatus status;
  status.set_ip_version(key.version);
  status.set_state(FlowState::kHalfOpen);
  status.set_client_index(client_index);
  status.set_midstream(midstream);
  flow->SetStatus(status);
  // Alive before it can be found: whoever finds an ended flow of this key now
  // finds this one next, and never none.
  flow->NextGeneration();
  const bool indexed = ended != nullptr
                           ? index_.Replace(hash, NumberOf(*ended), record)
                           : index_.Insert(hash, record);
  if (!indexed) {
    FreeRecord(record);
    return nullptr;
  }
  wheels_[kHalfOpenWheel].Add(record, time_ns + Timeout(FlowState::kHalfOpen));
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
  if (before.state() != status.state()) {
    --counts_.by_state[static_cast<size_t>(before.state())];
    ++counts_.by_state[static_cast<size_t>(status.state())];
    // The timeouts differ: the deadline may have come nearer.
    wheels_[ColdOf(*flow)->place_or_end.wheel()].Remove(NumberOf(*flow));
    wheels_[WheelOf(status.state())].Add(NumberOf(*flow),
                                         time_ns + Timeout(status.state()));
  }
  if (announce) {
    events_->Push(FlowEventKind::kStateChanged, IdOf(*flow), time_ns);
  }
}

// The first carried one makes them worth looking at, and readers that meet the
// counter after it meet that in the status.
void FlowTable::CountAndCarry(FlowRecord* flow, size_t side,
                              uint32_t wire_bytes, uint32_t payload_bytes) {
  FlowStatus status = flow->Status();
  status.set_carried();
  flow->SetStatus(status);
  CarriedCounts::Side* const carried = &carried_[NumberOf(*flow)].side[side];
  flow->frames[side].Add(1, &carried->frames);
  flow->wire_bytes[side].Add(wire_bytes, &carried->wire_bytes);
  flow->payload_bytes[side].Add(payload_bytes, &carried->payload_bytes);
}

void FlowTable::End(FlowRecord* flow, EndReason reason, int64_t time_ns) {
  const uint32_t record = NumberOf(*flow);
  wheels_[colds_[record].place_or_end.wheel()].Remove(record);
  Finish(record, reason, time_ns);
}

void FlowTable::Finish(uint32_t record, EndReason reason, int64_t time_ns) {
  FlowRecord* const flow = &records_[record];
  FlowColdRecord* const cold = &colds_[record];
  if (sink_ != nullptr && cold->sink_data != 0) {
    sink_->OnFlowEnd(cold->sink_data, reason);
    cold->sink_data = 0;
  }
  FlowStatus status = flow->Status();
  --counts_.by_state[static_cast<size_t>(status.state())];
  ++counts_.by_state[static_cast<size_t>(FlowState::kEnded)];
  ++counts_.ended[static_cast<size_t>(reason)];
  if (reason == EndReason::kEvicted) {
    ++counts_.evicted[static_cast<size_t>(status.state())];
  }
  --live_;
  // A flood of SYNs that nobody answered would push everything worth knowing
  // out of the ended flows.
  const bool discard = reason == EndReason::kEvicted &&
                       status.state() == FlowState::kHalfOpen &&
                       FramesOf(*flow, Side::kServer) == 0;
  status.set_state(FlowState::kEnded);
  status.set_end_reason(reason);
  cold->place_or_end.set_end_time_ns(time_ns);
  flow->SetStatus(status);
  (discard ? discarded_ : ended_).Append(record);
  events_->Push(FlowEventKind::kEnded, IdOf(*flow), time_ns);
}

void FlowTable::Expire(FlowRecord* flow) {
  End(flow, ReasonAtDeadline(*flow, *ColdOf(*flow)), Deadline(*flow));
}

void FlowTable::Advance(int64_t now_ns) {
  uint32_t budget = kWorkPerCall;
  for (TimerWheel& wheel : wheels_) {
    wheel.Advance(now_ns, &budget, [&](uint32_t record) {
      const FlowRecord& flow = records_[record];
      const int64_t deadline = Deadline(flow);
      if (deadline > now_ns) {
        wheel.Add(record, deadline);
        return;
      }
      Finish(record, ReasonAtDeadline(flow, colds_[record]), deadline);
    });
  }
}

bool FlowTable::MakeRoom(int64_t now_ns) {
  for (const Wheel wheel : {kHalfOpenWheel, kClosingWheel}) {
    const uint32_t first = wheels_[wheel].First();
    if (first == kNoRecord) continue;
    End(&records_[first], EndReason::kEvicted, now_ns);
    return true;
  }
  return EvictEstablished(now_ns);
}

bool FlowTable::EvictEstablished(int64_t now_ns) {
  TimerWheel& wheel = wheels_[kEstablishedWheel];
  for (int look = 0; look < kEvictionLooks; ++look) {
    const uint32_t first = wheel.First();
    if (first == kNoRecord) return false;
    FlowRecord* const flow = &records_[first];
    if (now_ns - flow->LastTimeNs() >= kEvictableIdleNs) {
      End(flow, EndReason::kEvicted, now_ns);
      return true;
    }
    // It was heard of since it was entered: its real turn comes later.
    wheel.Remove(first);
    wheel.Add(first, Deadline(*flow));
  }
  return false;
}

void FlowTable::PrefetchToTake(uint32_t record) const {
  PrefetchToWrite(&records_[record]);
  PrefetchToWrite(&records_[record].tcp);
  PrefetchToWrite(&colds_[record]);
}

uint32_t FlowTable::TakeRecord() {
  if (free_ != kNoRecord) {
    const uint32_t record = free_;
    free_ = colds_[record].next;
    if (free_ != kNoRecord) PrefetchToTake(free_);
    return record;
  }
  const uint32_t record = used_.Get();
  if (record == capacity_) return kNoRecord;
  PrefetchToTake(std::min(record + kTakenAhead, capacity_ - 1));
  used_.Set(record + 1);
  return record;
}

// From here on nobody finds the flow that lived in the record.
void FlowTable::FreeRecord(uint32_t record) {
  records_[record].NextGeneration();
  colds_[record].next = free_;
  free_ = record;
}

void FlowTable::GiveBack(uint32_t record) {
  FlowRecord* const flow = &records_[record];
  const FlowKey key = KeyOf(*flow);
  FreeRecord(record);
  // Not there any more if a newer flow of the same key took the place.
  index_.Erase((*hash_)(key), record);
  for (FrameSlot& slot : flow->last_frame) frames_->Clear(&slot);
  --counts_.by_state[static_cast<size_t>(FlowState::kEnded)];
}

void FlowTable::EndBurst(int64_t now_ns) {
  while (discarded_.size() != 0) GiveBack(discarded_.PopFront());
  while (ended_.size() > options_.max_ended_flows) GiveBack(ended_.PopFront());
  for (uint32_t i = 0; i < kWorkPerCall && ended_.size() != 0; ++i) {
    const FlowColdRecord& oldest = colds_[ended_.front()];
    if (now_ns - oldest.place_or_end.end_time_ns() <
        options_.ended_retention_ns) {
      break;
    }
    GiveBack(ended_.PopFront());
  }
}

void FlowTable::EndAll(int64_t now_ns) {
  for (const TimerWheel& wheel : wheels_) {
    for (uint32_t record; (record = wheel.First()) != kNoRecord;) {
      End(&records_[record], EndReason::kShutdown, now_ns);
    }
  }
}

}  // namespace mosd::dataplane
