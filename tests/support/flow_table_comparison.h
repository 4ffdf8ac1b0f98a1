// Does the same to the flow table and to its reference, one operation after the
// other, and says in which they differ. Small limits and few keys, so that
// every corner is met often. For the unit test and the fuzzer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/flow/flow_event_ring.h"
#include "dataplane/flow/flow_hash.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/frame/last_frame_inline.h"
#include "tests/support/flow_keys.h"
#include "tests/support/reference_flow_table.h"

namespace mosd::testing {

class FlowTableComparison {
 public:
  FlowTableComparison()
      : reference_(Options()),
        pool_(*dataplane::FramePool::Create(4 << 20)),
        frames_(&pool_),
        table_(*dataplane::FlowTable::Create(Options(), &hash_, &frames_,
                                             &events_)) {
    events_.Enable(true);
  }

  // One operation, chosen by any three numbers. Empty: all agrees.
  std::string Step(uint8_t operation, uint8_t a, uint8_t b) {
    complaint_.clear();
    switch (operation % 16) {
      case 0:
      case 1:
      case 2:
        Start(a % kKeys, b);
        break;
      case 3:
      case 4:
        Hear(a % kKeys, b % 2);
        break;
      case 5:
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
        Settle(NextLive(a % kKeys), b);
        break;
      case 11:
        End(NextLive(a % kKeys), b);
        break;
      case 12:
      case 13:
        PassTime(a % 32 == 0 ? b : b % 4u);
        break;
      case 14:
        if (a % 64 == 0) {
          EndAll();
          break;
        }
        if (a % 2 == 0) {  // a table full of what may not be evicted
          for (uint32_t key = 0; key < kKeys; ++key) {
            if (LiveFlow(key) != nullptr) Settle(key, b % 2);
          }
          break;
        }
        [[fallthrough]];
      default:
        EndBurst();
        break;
    }
    // As many as a burst may end between two calls.
    if (ended_in_burst_ >= 64) EndBurst();
    CheckAll();
    return complaint_;
  }

  uint64_t evicted() const { return evicted_; }
  uint64_t refused() const { return refused_; }
  uint64_t expired() const { return expired_; }
  uint64_t given_back() const { return given_back_; }

 private:
  using FlowState = dataplane::FlowState;
  using EndReason = dataplane::EndReason;
  using FlowId = dataplane::FlowId;

  static constexpr uint32_t kKeys = 40;
  static constexpr int64_t kSecond = 1'000'000'000;

  static dataplane::FlowTableOptions Options() {
    dataplane::FlowTableOptions options;
    options.worker = 5;
    options.max_flows = 8;
    options.max_ended_flows = 6;
    options.ended_retention_ns = 600 * kSecond;
    options.timeouts.time_wait_ns = 4 * kSecond;
    return options;
  }

  void Complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
  }

  // The live flow of a key, or null.
  ReferenceFlow* LiveFlow(uint32_t key) {
    ReferenceFlow* const flow = reference_.Get(reference_.Newest(key));
    return flow != nullptr && flow->live() ? flow : nullptr;
  }
  // The first key from this one on that has a live flow, or this one.
  uint32_t NextLive(uint32_t key) {
    for (uint32_t i = 0; i < kKeys; ++i) {
      if (LiveFlow((key + i) % kKeys) != nullptr) return (key + i) % kKeys;
    }
    return key;
  }
  dataplane::FlowRecord* Find(uint32_t key) {
    const dataplane::FlowKey wire_key = NumberedKey(key);
    return table_->Find(hash_(wire_key), wire_key);
  }

  void Start(uint32_t key, uint8_t b) {
    if (LiveFlow(key) != nullptr) return Hear(key, b % 2);
    const bool full = reference_.Live() == Options().max_flows;
    const bool may_refuse = reference_.MayRefuse(now_ns_);
    const dataplane::FlowKey wire_key = NumberedKey(key);
    ReferenceFlow flow;
    flow.key = key;
    flow.start_ns = now_ns_;
    flow.midstream = b / 2 % 2 != 0;
    dataplane::FlowRecord* const record = table_->Start(
        hash_(wire_key), wire_key, /*client_index=*/1, flow.midstream, now_ns_);
    if ((record == nullptr) != may_refuse) Complain("refused, or not, wrongly");
    const std::vector<dataplane::FlowEvent> events = TakeEvents();
    if (record == nullptr) {
      ++refused_;
      if (!events.empty()) Complain("refused with an event");
      return;
    }
    if (events.size() != (full ? 2u : 1u)) {
      return Complain("started with so many events");
    }
    if (full) TakeVictim(events[0]);
    const FlowId id = events.back().id;
    if (events.back().kind != dataplane::FlowEventKind::kStarted ||
        !(id == table_->IdOf(*record))) {
      Complain("started another flow");
    }
    reference_.Start(id.value, flow);
    ++started_;
    Account(key, record, b % 2);
  }

  void TakeVictim(const dataplane::FlowEvent& event) {
    ++evicted_;
    ReferenceFlow* const victim = reference_.Get(event.id.value);
    if (event.kind != dataplane::FlowEventKind::kEnded || victim == nullptr ||
        !victim->live() || !reference_.MayEvict(*victim, now_ns_)) {
      return Complain("evicted the wrong flow");
    }
    TakeEnd(event, EndReason::kEvicted, now_ns_);
  }

  // A frame of one side of the newest flow of a key, live or ended.
  void Hear(uint32_t key, size_t side) {
    ReferenceFlow* flow = reference_.Get(reference_.Newest(key));
    dataplane::FlowRecord* const record = Find(key);
    if ((flow == nullptr) != (record == nullptr)) {
      return Complain("found, or not, wrongly");
    }
    if (flow == nullptr) return;
    if (flow->live() && reference_.Deadline(*flow) <= now_ns_) {
      table_->Expire(record);
      TakeExpired();
    }
    Account(key, record, side);
    flow->heard_again = true;
  }

  void Account(uint32_t key, dataplane::FlowRecord* record, size_t side) {
    ReferenceFlow* const flow = reference_.Get(reference_.Newest(key));
    flow->last_ns[side] = now_ns_;
    ++flow->frames[side];
    record->last_time_ns[side].Set(now_ns_);
    table_->Count(record, side, 0, 0);
    const uint64_t bytes[] = {reference_.Newest(key), flow->frames[side], side};
    frames_.Put(&record->last_frame[side],
                reinterpret_cast<const uint8_t*>(bytes),
                {now_ns_, sizeof(bytes), 0, 0, sizeof(bytes)},
                {0, record->generation}, 14);
    frames_.Publish();
  }

  void Settle(uint32_t key, uint8_t b) {
    Hear(key, b % 2);
    ReferenceFlow* const flow = LiveFlow(key);
    if (flow == nullptr) return;
    dataplane::FlowRecord* const record = Find(key);
    constexpr FlowState kStates[] = {
        FlowState::kEstablished, FlowState::kEstablished,
        FlowState::kEstablished, FlowState::kEstablished,
        FlowState::kEstablished, FlowState::kHalfOpen,
        FlowState::kClosing,     FlowState::kTimeWait};
    flow->state = kStates[b / 2 % std::size(kStates)];
    flow->closed_by =
        b / 8 % 2 != 0 ? EndReason::kFinClient : EndReason::kFinServer;
    table_->ColdOf(*record)->place_or_end.set_closed_by(flow->closed_by);
    dataplane::FlowStatus status = record->Status();
    status.set_state(flow->state);
    const bool announce = b / 32 % 2 != 0;
    table_->Settle(record, status, now_ns_, announce);
    const std::vector<dataplane::FlowEvent> events = TakeEvents();
    if (events.size() != (announce ? 1u : 0u)) {
      Complain("settled with so many events");
    }
  }

  void End(uint32_t key, uint8_t b) {
    if (LiveFlow(key) == nullptr) return;
    const auto reason = static_cast<EndReason>(1 + b % 9);
    table_->End(Find(key), reason, now_ns_);
    for (const dataplane::FlowEvent& event : TakeEvents()) {
      if (event.id.value != reference_.Newest(key)) Complain("ended another");
      TakeEnd(event, reason, now_ns_);
    }
    if (LiveFlow(key) != nullptr) Complain("did not end");
  }

  void EndAll() {
    table_->EndAll(now_ns_);
    for (const dataplane::FlowEvent& event : TakeEvents()) {
      TakeEnd(event, EndReason::kShutdown, now_ns_);
    }
    if (reference_.Live() != 0) Complain("one outlived the end");
  }

  void PassTime(unsigned b) {
    constexpr int64_t kSteps[] = {0,
                                  1'000'000,
                                  kSecond / 3,
                                  5 * kSecond,
                                  21 * kSecond,
                                  61 * kSecond,
                                  601 * kSecond,
                                  100'000 * kSecond};
    now_ns_ += kSteps[b % std::size(kSteps)];
    table_->Advance(now_ns_);
    TakeExpired();
    for (const auto& [id, flow] : reference_.flows()) {
      if (reference_.Overdue(flow, now_ns_)) Complain("one is overdue");
    }
  }

  void TakeExpired() {
    for (const dataplane::FlowEvent& event : TakeEvents()) {
      const ReferenceFlow* const flow = reference_.Get(event.id.value);
      if (flow == nullptr || reference_.Deadline(*flow) > now_ns_) {
        return Complain("expired before its time");
      }
      ++expired_;
      TakeEnd(event, ReferenceFlowTable::ReasonAtDeadline(*flow),
              reference_.Deadline(*flow));
    }
  }

  // The reference follows an end that the table told of.
  void TakeEnd(const dataplane::FlowEvent& event, EndReason reason,
               int64_t end_ns) {
    const ReferenceFlow* const flow = reference_.Get(event.id.value);
    if (event.kind != dataplane::FlowEventKind::kEnded || flow == nullptr ||
        !flow->live() || event.time_ns != end_ns) {
      return Complain("an end that cannot be");
    }
    reference_.End(event.id.value, reason, end_ns);
    ++ended_[static_cast<size_t>(reason)];
    ++ended_in_burst_;
  }

  std::vector<dataplane::FlowEvent> TakeEvents() {
    std::vector<dataplane::FlowEvent> events;
    events_.Pop(SIZE_MAX, &events);
    return events;
  }

  void EndBurst() {
    ended_in_burst_ = 0;
    table_->EndBurst(now_ns_);
    for (const uint64_t id : reference_.EndBurst(now_ns_)) {
      stale_.push_back(FlowId{id});
      ++given_back_;
    }
    while (stale_.size() > 200) stale_.pop_front();
    for (const FlowId id : stale_) {
      dataplane::FlowSnapshot snapshot;
      const dataplane::FlowRecord* const record = table_->RecordOf(id);
      if (table_->Read(id, &snapshot) ||
          (record != nullptr && record->Holds(id))) {
        Complain(absl::StrCat("stale id ", id.value, " is read"));
      }
    }
    if (reference_.Count(FlowState::kEnded) > Options().max_ended_flows) {
      Complain("too many ended flows");
    }
  }

  void CheckAll() {
    if (reference_.Live() > Options().max_flows) Complain("too many flows");
    CheckCounts();
    for (uint32_t key = 0; key < kKeys; ++key) {
      const uint64_t id = reference_.Newest(key);
      const dataplane::FlowKey wire_key = NumberedKey(key);
      const dataplane::FlowRecord* const record = Find(key);
      if ((record == nullptr) != (id == 0) ||
          (record != nullptr && table_->IdOf(*record).value != id) ||
          table_->FindId(hash_(wire_key), wire_key).value != id) {
        Complain(absl::StrCat("key ", key, " finds another flow"));
      }
    }
    uint64_t there = 0;
    for (uint32_t number = 0; number < table_->record_count(); ++number) {
      dataplane::FlowSnapshot snapshot;
      if (!table_->ReadAt(number, &snapshot)) continue;
      ++there;
      CheckFlow(snapshot);
    }
    if (there != reference_.flows().size()) Complain("a scan meets others");
  }

  void CheckCounts() {
    const dataplane::FlowTableCounts& counts = table_->counts();
    for (size_t state = 0; state < dataplane::kFlowStates; ++state) {
      if (counts.by_state[state] !=
          reference_.Count(static_cast<FlowState>(state))) {
        Complain(absl::StrCat("count of state ", state));
      }
    }
    if (counts.started != started_) Complain("count of started flows");
    if (!std::ranges::equal(counts.ended, ended_)) Complain("counts of ends");
    uint64_t in_use = 0, kept = 0;
    for (size_t i = 0; i < dataplane::kFrameClasses; ++i) {
      in_use += pool_.InUse(i);
    }
    for (const auto& [id, flow] : reference_.flows()) {
      kept += (flow.frames[0] != 0 ? 1u : 0u) + (flow.frames[1] != 0 ? 1u : 0u);
    }
    if (in_use != kept) Complain("frames leak, or are lost");
  }

  void CheckFlow(const dataplane::FlowSnapshot& snapshot) {
    const ReferenceFlow* const flow = reference_.Get(snapshot.id.value);
    if (flow == nullptr) return Complain("a scan meets a flow that is none");
    bool good = snapshot.state == flow->state &&
                snapshot.end_reason == flow->end_reason &&
                snapshot.midstream == flow->midstream &&
                snapshot.start_time_ns == flow->start_ns &&
                snapshot.end_time_ns == flow->end_ns &&
                snapshot.side[0].endpoint.port == flow->key;
    for (size_t side = 0; side < dataplane::kSides; ++side) {
      good = good && snapshot.side[side].frames == flow->frames[side] &&
             snapshot.side[side].last_time_ns == flow->last_ns[side] &&
             snapshot.side[side].has_last_frame == (flow->frames[side] != 0) &&
             FrameIs(snapshot.id, side, flow->frames[side]);
    }
    if (!good) Complain(absl::StrCat("flow ", snapshot.id.value));
  }

  // Whether the last frame of a side is its `count`th.
  bool FrameIs(FlowId id, size_t side, uint64_t count) {
    uint64_t bytes[3] = {};
    dataplane::FrameRecord record;
    bool contended = false;
    const bool kept = dataplane::CopyLastFrame(
        pool_, table_->RecordOf(id)->last_frame[side],
        {reinterpret_cast<uint8_t*>(bytes), sizeof(bytes)}, &record,
        &contended);
    if (!kept) return count == 0;
    return bytes[0] == id.value && bytes[1] == count && bytes[2] == side;
  }

  ReferenceFlowTable reference_;
  dataplane::FlowHash hash_;
  dataplane::FlowEventRing events_;
  dataplane::FramePool pool_;
  dataplane::FrameWriter frames_;
  std::unique_ptr<dataplane::FlowTable> table_;
  int64_t now_ns_ = 1'800'000'000 * kSecond;
  std::deque<FlowId> stale_;
  std::string complaint_;
  uint64_t started_ = 0;
  uint64_t ended_[dataplane::kEndReasons] = {};
  uint32_t ended_in_burst_ = 0;
  uint64_t evicted_ = 0;
  uint64_t refused_ = 0;
  uint64_t expired_ = 0;
  uint64_t given_back_ = 0;
};

}  // namespace mosd::testing
