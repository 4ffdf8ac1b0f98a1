#include "dataplane/worker/flow_tracker.h"

#include "dataplane/tcp/parsed_segment.h"
#include "dataplane/tcp/tcp_tracker.h"
#include "dataplane/worker/flow_tracker_inline.h"

namespace mosd::dataplane {
namespace {

EndReason FinBy(Side side) {
  return side == Side::kClient ? EndReason::kFinClient : EndReason::kFinServer;
}

EndReason RstBy(Side side) {
  return side == Side::kClient ? EndReason::kRstClient : EndReason::kRstServer;
}

// Its segments ended it; nothing but a new handshake comes after.
bool EndedByPeers(EndReason reason) {
  switch (reason) {
    case EndReason::kFinClient:
    case EndReason::kFinServer:
    case EndReason::kRstClient:
    case EndReason::kRstServer:
      return true;
    default:
      return false;
  }
}

// Field by field, as all of its users do: what is put together elsewhere, and
// copied right away, is waited for.
void Tell(FlowRecord* flow, Side sender, const TcpUpdate& update,
          TrackedFrame* tracked) {
  tracked->flow = flow;
  tracked->sink_data = 0;
  tracked->sender = sender;
  tracked->retransmission = update.retransmission;
  tracked->repetition = update.repetition;
  tracked->in_window = update.in_window;
  tracked->renumbered = update.renumbered;
  tracked->started = false;
  tracked->late = false;
  tracked->end = EndReason::kNone;
  tracked->state_before[0] = tracked->state_before[1] = TcpState{};
  tracked->stream_offset = update.offset;
}

// Whether a segment is the SYN that a flow picked up at its SYN/ACK began with:
// the two were swapped on their way. Another SYN would have begun a new flow.
bool IsOvertakenSyn(const FlowTable& table, const FlowRecord& flow, Side sender,
                    uint8_t flags) {
  return sender == Side::kClient && (flags & kTcpSyn) && !(flags & kTcpAck) &&
         table.FramesOf(flow, Side::kClient) == 0 &&
         flow.tcp.end[Index(Side::kServer)].state == TcpState::kSynRcvd;
}

}  // namespace

// A segment on its way through Track().
struct FlowTracker::Arrival {
  uint64_t hash;
  const ParsedFrame& frame;
  uint32_t wire_length;
  int64_t time_ns;
  TcpSegment segment;

  // A status of the flow that was read before may then be an old one.
  void Account(FlowTable* table, FlowRecord* flow, Side sender,
               bool retransmission) const {
    const size_t side = Index(sender);
    flow->last_time_ns[side].Set(time_ns);
    table->Count(flow, side, wire_length, frame.payload_length);
    if (!retransmission) return;
    auto& retransmitted = table->ColdOf(*flow)->retransmitted_frames[side];
    if (retransmitted.Get() != UINT32_MAX) retransmitted.Add(1);
  }
};

DropReason FlowTracker::Track(uint64_t hash, const ParsedFrame& frame,
                              uint32_t wire_length, int64_t time_ns,
                              TrackedFrame* tracked) {
  const Arrival arrival{hash, frame, wire_length, time_ns, SegmentOf(frame)};
  FlowRecord* const flow = table_->Find(hash, frame.key);
  bool syn_seen = false;
  if (flow != nullptr) [[likely]] {
    if (!Succeeds(flow, arrival, &syn_seen)) {
      if (flow->Status().state() == FlowState::kEnded) {
        ApplyLate(flow, arrival, tracked);
      } else {
        Apply(flow, arrival, tracked);
      }
      return DropReason::kNone;
    }
  }
  return Open(arrival, syn_seen, tracked);
}

// Whether a new flow begins in place of `flow`, which is then over. `*syn_seen`
// is set if it begins with a SYN/ACK whose SYN was taken for a segment of
// `flow`.
bool FlowTracker::Succeeds(FlowRecord* flow, const Arrival& arrival,
                           bool* syn_seen) {
  FlowStatus status = flow->Status();
  if (status.state() != FlowState::kEnded &&
      table_->Deadline(*flow) <= arrival.time_ns) [[unlikely]] {
    // Its timer would have come in a moment.
    table_->Expire(flow);
    status = flow->Status();
  }
  const bool syn = arrival.segment.flags & kTcpSyn;
  const Side sender = SenderOf(arrival.frame.source_index, status);
  const bool anew = syn && TcpStartsAnew(flow->tcp, sender, arrival.segment);
  if (status.state() != FlowState::kEnded) {
    if (anew) {
      *syn_seen = (arrival.segment.flags & kTcpAck) &&
                  TcpHasNewSyn(flow->tcp, Other(sender));
      table_->End(flow, EndReason::kTupleReused, arrival.time_ns);
    }
    return anew;
  }
  if (EndedByPeers(status.end_reason())) return anew;
  // We gave the flow up, not its peers: they go on, as a new flow of ours.
  switch (TcpClassifyOpening(arrival.segment)) {
    case TcpOpening::kHandshake:
      return true;
    case TcpOpening::kMidstream:
      return midstream_pickup_;
    case TcpOpening::kNone:
      return false;
  }
  return false;
}

// `syn_seen`: the segment is a SYN/ACK, and its SYN was seen.
DropReason FlowTracker::Open(const Arrival& arrival, bool syn_seen,
                             TrackedFrame* tracked) {
  const ParsedFrame& frame = arrival.frame;
  const TcpOpening opening = TcpClassifyOpening(arrival.segment);
  const bool midstream = opening == TcpOpening::kMidstream && !syn_seen;
  if (opening == TcpOpening::kNone || (midstream && !midstream_pickup_)) {
    return DropReason::kTcpOrphan;
  }
  Side sender = Side::kClient;
  if (opening == TcpOpening::kMidstream) {
    const size_t source = frame.source_index;
    sender = TcpInferSender(arrival.segment, frame.key.port[source],
                            frame.key.port[1 - source]);
  }
  const size_t client_index = frame.source_index ^ Index(sender);
  FlowRecord* const flow = table_->Start(arrival.hash, frame.key, client_index,
                                         midstream, arrival.time_ns);
  if (flow == nullptr) return DropReason::kFlowTableFull;
  const TcpUpdate update = TcpOpen(&flow->tcp, sender, arrival.segment);
  Tell(flow, sender, update, tracked);
  tracked->started = true;
  if (syn_seen) {
    tracked->state_before[Index(Side::kClient)] = TcpState::kSynSent;
    tracked->state_before[Index(Side::kServer)] = TcpState::kSynRcvd;
  }
  arrival.Account(table_, flow, sender, update.retransmission);
  Follow(update, arrival.time_ns, /*announce=*/false, tracked);
  return DropReason::kNone;
}

void FlowTracker::Apply(FlowRecord* flow, const Arrival& arrival,
                        TrackedFrame* tracked) {
  FlowStatus status = flow->Status();
  const Side sender = SenderOf(arrival.frame.source_index, status);
  const bool begins =
      status.midstream() &&
      IsOvertakenSyn(*table_, *flow, sender, arrival.segment.flags);
  const TcpState client_before = flow->tcp.end[0].state;
  const TcpState server_before = flow->tcp.end[1].state;
  const TcpUpdate update = TcpApply(&flow->tcp, sender, arrival.segment);
  Tell(flow, sender, update, tracked);
  if (begins) [[unlikely]] {
    // To a sink, nothing was there before.
    status.set_midstream(false);
    flow->SetStatus(status);
    tracked->started = true;
  } else {
    tracked->state_before[0] = client_before;
    tracked->state_before[1] = server_before;
  }
  arrival.Account(table_, flow, sender, update.retransmission);
  Follow(update, arrival.time_ns, /*announce=*/true, tracked);
}

// Takes over into the flow what a segment has changed.
void FlowTracker::Follow(const TcpUpdate& update, int64_t time_ns,
                         bool announce, TrackedFrame* tracked) {
  FlowRecord* const flow = tracked->flow;
  FlowStatus status = flow->Status();
  status.set_last_speaker(tracked->sender);
  if (!update.state_changed && announce) [[likely]] {
    flow->SetStatus(status);
    return;
  }
  status.set_tcp_states(flow->tcp.end[0].state, flow->tcp.end[1].state);
  if (update.outcome == TcpOutcome::kReset ||
      (update.outcome == TcpOutcome::kClosed && !time_wait_)) {
    flow->SetStatus(status);
    tracked->end = update.outcome == TcpOutcome::kReset ? RstBy(update.by)
                                                        : FinBy(update.by);
    return;
  }
  status.set_state(TcpFlowState(flow->tcp));
  if (status.state() == FlowState::kTimeWait)
    table_->ColdOf(*flow)->place_or_end.set_closed_by(FinBy(update.by));
  table_->Settle(flow, status, time_ns, announce);
}

// A segment of a connection that is over: its sender's last frame all the same.
void FlowTracker::ApplyLate(FlowRecord* flow, const Arrival& arrival,
                            TrackedFrame* tracked) {
  FlowStatus status = flow->Status();
  const Side sender = SenderOf(arrival.frame.source_index, status);
  *tracked = {};
  tracked->flow = flow;
  tracked->sender = sender;
  tracked->late = true;
  tracked->stream_offset = TcpStreamOffset(flow->tcp, sender, arrival.segment);
  status.set_last_speaker(sender);
  flow->SetStatus(status);
  arrival.Account(table_, flow, sender, false);
}

}  // namespace mosd::dataplane
