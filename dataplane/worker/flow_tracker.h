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
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

// Of a frame that changed nothing but numbers, what a TrackedFrame of it would
// say that it does not of all such frames; of any, what keeping it takes.
struct ExpectedFrame {
  FlowRecord* flow;
  size_t sender;           // Index() of the side
  FrameSlot* slot;         // of the side
  uint64_t stream_offset;  // of its first payload byte

  static ExpectedFrame Of(const TrackedFrame& tracked) {
    const size_t sender = Index(tracked.sender);
    return {tracked.flow, sender, &tracked.flow->last_frame[sender],
            tracked.stream_offset};
  }

  TrackedFrame Whole() const {
    TrackedFrame tracked{};
    tracked.flow = flow;
    tracked.sender = static_cast<Side>(sender);
    tracked.in_window = true;
    tracked.state_before[0] = tracked.state_before[1] = TcpState::kEstablished;
    tracked.stream_offset = stream_offset;
    return tracked;
  }
};

class FlowTracker {
 public:
  // `table` outlives the tracker. `midstream_pickup`: whether a segment that is
  // no SYN may begin a flow. `time_wait`: whether a closed flow lives on for a
  // while, until the table ends it.
  FlowTracker(FlowTable* table, bool midstream_pickup, bool time_wait)
      : table_(table),
        midstream_pickup_(midstream_pickup),
        time_wait_(time_wait) {}

  // The way of most segments: one in order on an established flow that has not
  // timed out. `flow` is what FlowTable::PrefetchRecord said, and has the key
  // of the frame, but perhaps for the version: of that the caller has made
  // sure. False: it is another segment, and nothing was done. In
  // flow_tracker_inline.h.
  inline bool TrackExpected(FlowRecord* flow, IpVersion version,
                            size_t source_index, const TcpSegment& segment,
                            uint32_t wire_length, int64_t time_ns,
                            ExpectedFrame* tracked);

  // Accounts a frame to its flow, beginning a flow, and ending an older one, as
  // it demands. Whether the frame also ends its own flow is told in
  // `tracked->end`, for Conclude(). `hash` is that of frame.key. kTcpOrphan,
  // kFlowTableFull: there is no flow for it, and `*tracked` is unspecified.
  DropReason Track(uint64_t hash, const ParsedFrame& frame,
                   uint32_t wire_length, int64_t time_ns,
                   TrackedFrame* tracked);

  // Ends the flow of a frame that said so, once it was told to whom it may
  // concern. Before the next Track().
  void Conclude(const TrackedFrame& tracked, int64_t time_ns) {
    if (tracked.end != EndReason::kNone) [[unlikely]] {
      table_->End(tracked.flow, tracked.end, time_ns);
    }
  }

 private:
  struct Arrival;

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
