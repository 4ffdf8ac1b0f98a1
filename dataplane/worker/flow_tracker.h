// What a segment means for the flows: which flow it belongs to, whether it
// begins or ends one, what its side has sent by now. Between the flow table,
// which does not know TCP, and the TCP tracker, which does not know flows.
// Owned by a worker.
#pragma once

#include <cstdint>

#include "dataplane/base/drop_reason.h"
#include "dataplane/flow/flow_sink.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/packet/parser.h"

namespace mosd::dataplane {

class FlowTracker {
 public:
  // `table` outlives the tracker. `midstream_pickup`: whether a segment that is
  // no SYN may begin a flow. `time_wait`: whether a closed flow lives on for a
  // while, until the table ends it.
  FlowTracker(FlowTable* table, bool midstream_pickup, bool time_wait)
      : table_(table),
        midstream_pickup_(midstream_pickup),
        time_wait_(time_wait) {}

  // Accounts a frame to its flow, beginning a flow, and ending an older one, as
  // it demands. Whether the frame also ends its own flow is told in
  // `tracked->end`, for Conclude().
  // `hash` is that of frame.key, `likely` what FlowTable::PrefetchRecord said.
  // kTcpOrphan, kFlowTableFull: there is no flow for it, and `*tracked` is
  // unspecified. In flow_tracker_inline.h.
  inline DropReason Track(uint64_t hash, FlowRecord* likely,
                          const ParsedFrame& frame, uint32_t wire_length,
                          int64_t time_ns, TrackedFrame* tracked);

  // Ends the flow of a frame that said so, once it was told to whom it may
  // concern. Before the next Track().
  void Conclude(const TrackedFrame& tracked, int64_t time_ns) {
    if (tracked.end != EndReason::kNone) [[unlikely]] {
      table_->End(tracked.flow, tracked.end, time_ns);
    }
  }

 private:
  struct Arrival;

  inline bool TrackExpected(FlowRecord* flow, const ParsedFrame& frame,
                            uint32_t wire_length, int64_t time_ns,
                            TrackedFrame* tracked);
  DropReason TrackAny(uint64_t hash, const ParsedFrame& frame,
                      uint32_t wire_length, int64_t time_ns,
                      TrackedFrame* tracked);
  bool Succeeds(FlowRecord* flow, const Arrival& arrival, bool* syn_seen);
  DropReason Open(const Arrival& arrival, bool syn_seen, TrackedFrame* tracked);
  void Apply(FlowRecord* flow, const Arrival& arrival, TrackedFrame* tracked);
  void ApplyLate(FlowRecord* flow, const Arrival& arrival,
                 TrackedFrame* tracked);
  void Follow(const struct TcpUpdate& update, int64_t time_ns, bool announce,
              TrackedFrame* tracked);

  FlowTable* table_;
  bool midstream_pickup_;
  bool time_wait_;
};

}  // namespace mosd::dataplane
