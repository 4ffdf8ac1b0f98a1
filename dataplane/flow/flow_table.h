// The flows of one worker, live and ended: where they lie, how they are found,
// when they time out, who has to go when the table is full. What their
// segments mean is not its business.
//
// Owned by one worker, which alone calls the non-const functions; the const
// ones are for readers on any thread.
//
// A record that is over moves to the ended flows and stays found by its key, so
// that late frames still belong to it. Records are given back only in
// EndBurst(), so that pointers to them hold for a burst.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/base/region.h"
#include "dataplane/flow/flow_event_ring.h"
#include "dataplane/flow/flow_hash.h"
#include "dataplane/flow/flow_index.h"
#include "dataplane/flow/flow_record.h"
#include "dataplane/flow/record_list.h"
#include "dataplane/flow/timer_wheel.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/options.h"

namespace mosd::dataplane {

class FlowSink;

struct FlowTableOptions {
  uint32_t worker = 0;
  uint32_t max_flows = 0;        // live
  uint32_t max_ended_flows = 0;  // in the same table
  int64_t ended_retention_ns = 0;
  Timeouts timeouts;
};

// What a table has seen. Worker only; published through WorkerCounters.
struct FlowTableCounts {
  uint64_t started = 0;
  uint64_t midstream = 0;
  uint64_t by_state[kFlowStates] = {};
  uint64_t ended[kEndReasons] = {};
  uint64_t evicted[kFlowStates] = {};  // of the ended, by state until then
};

class FlowTable {
 public:
  // New flows in one burst, at most: records beyond the two limits, since what
  // ends in a burst is given back only at its end.
  static constexpr uint32_t kBurstSlack = 256;

  // An established flow that was heard of this recently is never evicted.
  static constexpr int64_t kEvictableIdleNs = 60'000'000'000;

  // Records of a table: each has its FlowParts, and its share of a FlowIndex.
  static constexpr uint32_t RecordsFor(const FlowTableOptions& options) {
    return options.max_flows + options.max_ended_flows + kBurstSlack;
  }

  // `hash`, `frames` and `events` outlive the table. RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<FlowTable>> Create(
      const FlowTableOptions& options, const FlowHash* hash,
      FrameWriter* frames, FlowEventRing* events);

  // From now on `sink` is told of the ends of flows that have sink_data.
  void SetSink(FlowSink* sink) { sink_ = sink; }

  // Lookup in two steps, so that a burst can overlap the cache misses. The
  // second returns what will most likely be found, if its key is the one;
  // never null. `kForSink`: what a sink needs of it is fetched as well.
  FlowIndex::Buckets PrefetchBuckets(uint64_t hash) const {
    return index_.Prefetch(hash);
  }
  template <bool kForSink = false>
  FlowRecord* PrefetchRecord(const FlowIndex::Buckets& buckets, uint64_t hash) {
    uint32_t record;
    if (!FlowIndex::FindLikely(buckets, hash, &record)) [[unlikely]]
      return &nobody_;
    // To be written: a line that readers have would else be asked for twice.
    FlowRecord* const flow = &records_[record];
    PrefetchToWrite(flow);
    PrefetchToWrite(&flow->tcp);
    if constexpr (kForSink) Prefetch(&colds_[record]);
    return flow;
  }
  // The newest flow of the key, live or ended, or null.
  FlowRecord* Find(uint64_t hash, const FlowKey& key);

  // Begins a flow: identity and times are set, the rest is the caller's, who
  // then calls Settle(). Replaces an ended flow of the same key. Null: the
  // table is full of flows that may not be evicted.
  FlowRecord* Start(uint64_t hash, const FlowKey& key, size_t client_index,
                    bool midstream, int64_t time_ns);

  // Takes over a new status of a live flow: counts, timer, event.
  // `announce`: whether watchers are told.
  void Settle(FlowRecord* flow, const FlowStatus& status, int64_t time_ns,
              bool announce);

  // Adds a frame to the counters of a side: its bytes, and of these its
  // payload. A status of the flow that was read before may then be an old one.
  void Count(FlowRecord* flow, size_t side, uint32_t wire_bytes,
             uint32_t payload_bytes) {
    if (!CountLow(flow, side, wire_bytes, payload_bytes)) [[unlikely]] {
      CountAndCarry(flow, side, wire_bytes, payload_bytes);
    }
  }
  // The two ways of it. The first one leaves it to the second where a bit may
  // have to be carried: false, and nothing was done.
  static bool CountLow(FlowRecord* flow, size_t side, uint32_t wire_bytes,
                       uint32_t payload_bytes) {
    const uint16_t frames = flow->frames[side].low();
    const uint32_t wire = flow->wire_bytes[side].low();
    const uint32_t payload = flow->payload_bytes[side].low();
    const auto frames_after = static_cast<uint16_t>(frames + 1);
    const uint32_t wire_after = wire + wire_bytes;
    const uint32_t payload_after = payload + payload_bytes;
    // Whether a highest bit changes, or may do so twice.
    const uint32_t turn = static_cast<uint32_t>(frames ^ frames_after) << 16;
    if (static_cast<int32_t>(turn | (wire ^ wire_after) | wire_bytes |
                             (payload ^ payload_after)) < 0) [[unlikely]] {
      return false;
    }
    flow->frames[side].set_low(frames_after);
    flow->wire_bytes[side].set_low(wire_after);
    flow->payload_bytes[side].set_low(payload_after);
    return true;
  }
  void CountAndCarry(FlowRecord* flow, size_t side, uint32_t wire_bytes,
                     uint32_t payload_bytes);

  // Ends a live flow at `time_ns`.
  void End(FlowRecord* flow, EndReason reason, int64_t time_ns);

  // When a live flow times out unless it is heard of, ns.
  int64_t Deadline(const FlowRecord& flow) const {
    return Deadline(flow, flow.Status().state());
  }
  // Of one whose state is at hand.
  int64_t Deadline(const FlowRecord& flow, FlowState state) const {
    return flow.LastTimeNs() + Timeout(state);
  }

  // Whether the deadline of a live flow in this state comes after `time_ns`.
  bool IsAlive(const FlowRecord& flow, FlowState state, int64_t time_ns) const {
    const int64_t too_old = time_ns - Timeout(state);
    if (flow.last_time_ns[0].Get() > too_old) [[likely]]
      return true;
    return flow.last_time_ns[1].Get() > too_old;
  }

  // Ends a live flow at its deadline: one in TIME-WAIT with the reason in its
  // `closed_by`, others with kIdleTimeout.
  void Expire(FlowRecord* flow);

  // Expires what has timed out by `now_ns`, with bounded work a call.
  void Advance(int64_t now_ns);

  // Gives back records of ended flows that are too many or too old by
  // `now_ns`. No staged frame may be unpublished.
  void EndBurst(int64_t now_ns);

  // Ends all live flows with kShutdown.
  void EndAll(int64_t now_ns);

  const FlowTableCounts& counts() const { return counts_; }
  FlowId IdOf(const FlowRecord& flow) const;
  // Of a record in use.
  FlowKey KeyOf(const FlowRecord& flow) const;
  uint64_t FramesOf(const FlowRecord& flow, Side side) const;
  // What else is known of it. Worker only.
  FlowColdRecord* ColdOf(const FlowRecord& flow) {
    return &colds_[&flow - records_];
  }
  bool HasKey(const FlowRecord& flow, const FlowKey& key) const;

  // Any thread.
  bool Read(FlowId id, FlowSnapshot* snapshot) const;
  FlowId FindId(uint64_t hash, const FlowKey& key) const;
  // Records in use so far; a scan goes over [0, record_count()).
  uint32_t record_count() const { return used_.Get(); }
  bool ReadAt(uint32_t record, FlowSnapshot* snapshot) const;
  // Brings near what ReadAt() will read; any number.
  void PrefetchAt(uint32_t record) const {
    if (record >= record_count()) return;
    Prefetch(&records_[record]);
    Prefetch(&records_[record].tcp);
    Prefetch(&colds_[record]);
  }
  // Null: the record is out of range or the flow is not there.
  const FlowRecord* RecordOf(FlowId id) const;

 private:
  enum Wheel : uint8_t { kHalfOpenWheel, kEstablishedWheel, kClosingWheel };
  static constexpr size_t kWheels = 3;

  // The parts of the records, each in an array.
  struct Arrays {
    Region records;
    Region colds;
    Region tails;
    Region carried;
  };

  FlowTable(const FlowTableOptions& options, const FlowHash* hash,
            FrameWriter* frames, FlowEventRing* events, Arrays arrays,
            FlowIndex index);

  uint32_t NumberOf(const FlowRecord& flow) const {
    return static_cast<uint32_t>(&flow - records_);
  }
  static Wheel WheelOf(FlowState state);
  int64_t Timeout(FlowState state) const {
    return timeout_ns_[static_cast<size_t>(state)];
  }
  FlowParts PartsOf(uint32_t record) const {
    return {records_[record], colds_[record], tails_[record], carried_[record]};
  }
  bool MakeRoom(int64_t now_ns);
  bool EvictEstablished(int64_t now_ns);
  void PrefetchToTake(uint32_t record) const;
  uint32_t TakeRecord();
  void FreeRecord(uint32_t record);
  void GiveBack(uint32_t record);
  // The second half of End: of a record that is in no wheel any more.
  void Finish(uint32_t record, EndReason reason, int64_t time_ns);

  const FlowTableOptions options_;
  const std::array<int64_t, kFlowStates> timeout_ns_;  // of an ended flow: 0
  const FlowHash* const hash_;
  FrameWriter* const frames_;
  FlowEventRing* const events_;
  FlowSink* sink_ = nullptr;
  Arrays arrays_;
  // By number of the record.
  FlowRecord* const records_;
  FlowColdRecord* const colds_;
  SharedKeyTail* const tails_;    // of IPv6 alone
  CarriedCounts* const carried_;  // of flows whose status says so; else zeros
  const uint32_t capacity_;
  FlowRecord nobody_{};  // in no state, and its key is hardly that of a frame
  FlowIndex index_;
  TimerWheel wheels_[kWheels];
  uint32_t live_ = 0;
  uint32_t free_ = kNoRecord;    // linked by next
  SingleWriter<uint32_t> used_;  // writer: worker; readers: any
  RecordList ended_;
  RecordList discarded_;  // ended, and not worth keeping
  FlowTableCounts counts_;
};

}  // namespace mosd::dataplane
