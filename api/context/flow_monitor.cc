// What segments mean to the program, and in which order it is told.
#include "api/context/flow_monitor.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <utility>

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::api {
namespace {

using dataplane::EndReason;
using dataplane::FlowRecord;
using dataplane::FrameView;
using dataplane::Index;
using dataplane::Other;
using dataplane::TcpState;
using dataplane::TrackedFrame;

// Flows with new bytes that are remembered without allocating: a burst has no
// more frames.
constexpr size_t kUsualBurst = 256;

TcpState StateAfter(const TrackedFrame& tracked, Side side) {
  return tracked.flow->tcp.end[Index(side)].state;
}

// An end of which nothing is known yet is CLOSED to the program.
TcpState Shown(TcpState state) {
  return state == TcpState::kListen ? TcpState::kClosed : state;
}

bool Buffers(const MonitoredFlow& flow) {
  return (flow.buffer_bytes[0] | flow.buffer_bytes[1]) != 0;
}

// Whether a segment that does not fit its window begins ahead of what the
// receiver's buffer waits for: its bytes are lost to the program.
bool IsBeyond(const MonitoredFlow& flow, const TrackedFrame& tracked) {
  const size_t receiver = Index(Other(tracked.sender));
  return flow.buffer_bytes[receiver] != 0 &&
         tracked.stream_offset > flow.buffer[receiver].next_expected();
}

uint32_t StateChange(const TrackedFrame& tracked, Side side) {
  const TcpState before = tracked.state_before[Index(side)];
  const TcpState after = StateAfter(tracked, side);
  if (before == after) [[likely]]
    return 0;
  return Shown(before) == Shown(after) ? 0 : MOS_ON_TCP_STATE_CHANGE;
}

}  // namespace

FlowMonitor::FlowMonitor(Pool<MonitoredFlow> flows, Pool<FlowSocket> sockets,
                         std::unique_ptr<BlockPool> blocks,
                         std::deque<Listener>* listeners, CallbackSets* sets,
                         Dispatcher* dispatcher, PacketView* packet)
    : flows_(std::move(flows)),
      sockets_(std::move(sockets)),
      blocks_(std::move(blocks)),
      listeners_(listeners),
      sets_(sets),
      dispatcher_(dispatcher),
      packet_(packet) {
  in_burst_.reserve(kUsualBurst);
}

void FlowMonitor::OnSegment(const FrameView& frame,
                            const TrackedFrame& tracked) {
  FlowRecord* const record = tracked.flow;
  MonitoredFlow* const flow =
      tracked.started ? Adopt(frame, record) : &flows_[record->sink_data - 1];
  if (flow == nullptr) return;
  const Side sender = tracked.sender;
  const Side receiver = Other(sender);
  const bool toward_server = receiver == Side::kServer;
  const bool syn = tracked.started && sender == Side::kClient;
  const uint32_t always = MOS_ON_PKT_IN | (syn ? MOS_ON_CONN_START : 0);
  packet_->Enter(&frame, &tracked);
  if (tracked.renumbered) [[unlikely]] {
    RestartStream(flow, receiver);
  }
  shown_flow_ = flow;
  if (tracked.started && !syn) [[unlikely]] {
    TellSyn(flow, tracked);
  }
  shown_[Index(sender)] = StateAfter(tracked, sender);
  shown_[Index(receiver)] = tracked.state_before[Index(receiver)];
  Raise(flow, Hook::kSender, sender, always | StateChange(tracked, sender),
        toward_server);

  if (flow->mask[At(Hook::kReceiver)] != 0 || Buffers(*flow)) {
    shown_[Index(receiver)] = StateAfter(tracked, receiver);
    ReachReceiver(flow, frame, tracked, always);
  }
  shown_flow_ = nullptr;
  packet_->Leave();
  if (flow->has_stopped) Reap(flow);
}

// The SYN was told as a segment of an older flow, and its answer is at hand.
void FlowMonitor::TellSyn(MonitoredFlow* flow, const TrackedFrame& tracked) {
  constexpr uint32_t kStart = MOS_ON_CONN_START | MOS_ON_TCP_STATE_CHANGE;
  shown_[Index(Side::kClient)] = tracked.state_before[Index(Side::kClient)];
  shown_[Index(Side::kServer)] = TcpState::kClosed;
  Raise(flow, Hook::kSender, Side::kClient, kStart, true);
  shown_[Index(Side::kServer)] = tracked.state_before[Index(Side::kServer)];
  Raise(flow, Hook::kReceiver, Side::kServer, kStart, true);
}

// What came before was numbered otherwise, and is of no stream any more: a
// server that keeps no state answers each SYN with another number.
void FlowMonitor::RestartStream(MonitoredFlow* flow, Side receiver) {
  const size_t i = Index(receiver);
  flow->buffer[i].Clear(blocks_.get());
  flow->new_data &= static_cast<uint8_t>(~(1u << i));
  for (uint32_t at = flow->first_socket; at != kNoIndex;
       at = sockets_[at].next) {
    sockets_[at].read_offset[i] = 0;
  }
}

// What the segment does to the one it was sent to.
void FlowMonitor::ReachReceiver(MonitoredFlow* flow, const FrameView& frame,
                                const TrackedFrame& tracked, uint32_t always) {
  const Side receiver = Other(tracked.sender);
  const bool toward_server = receiver == Side::kServer;
  if (tracked.in_window) Acknowledge(flow, tracked.sender);
  // What a reset carries belongs to no stream.
  const bool data = frame.parsed->payload_length != 0 &&
                    !(frame.parsed->tcp_flags & dataplane::kTcpRst);
  const uint32_t again = tracked.repetition ? MOS_ON_REXMIT : 0;
  if (data) Raise(flow, Hook::kReceiver, receiver, again, toward_server);
  if (data && tracked.in_window) {
    Receive(flow, frame, tracked);
  } else if (data && IsBeyond(*flow, tracked)) {
    Raise(flow, Hook::kNull, receiver, MOS_ON_ERROR, toward_server);
  }
  Raise(flow, Hook::kReceiver, receiver,
        always | StateChange(tracked, receiver) | (data ? 0 : again),
        toward_server);
}

void FlowMonitor::CallSockets(MonitoredFlow* flow, Hook hook, Side side,
                              uint32_t events, bool toward_server) {
  const auto bit = static_cast<uint8_t>(1u << Index(side));
  dispatcher_->Begin();
  ++depth_;
  uint32_t next = toward_server ? flow->first_socket : flow->last_socket;
  while (next != kNoIndex) {
    FlowSocket& socket = sockets_[next];
    const int number = kFirstFlowSocket + static_cast<int>(next);
    next = toward_server ? socket.next : socket.previous;
    if (socket.stopped & bit) continue;
    dispatcher_->Call(number, &socket.callbacks, hook,
                      static_cast<int>(Index(side)), events, &socket.stopped,
                      bit);
  }
  --depth_;
}

// The bytes that a segment brings its receiver.
void FlowMonitor::Receive(MonitoredFlow* flow, const FrameView& frame,
                          const TrackedFrame& tracked) {
  const dataplane::ParsedFrame& parsed = *frame.parsed;
  const Side receiver = Other(tracked.sender);
  if (flow->buffer_bytes[Index(receiver)] == 0) return;
  const dataplane::TcpSegment segment{
      parsed.seq,    parsed.ack,       parsed.payload_length,
      parsed.window, parsed.tcp_flags, parsed.window_scale};
  // A probe of an idle connection lies before its first byte.
  const uint32_t first =
      parsed.payload_offset + dataplane::TcpBytesBeforeStream(
                                  flow->record->tcp, tracked.sender, segment);
  const uint32_t end = std::min(frame.frame->pkt_len,
                                parsed.payload_offset + parsed.payload_length);
  StreamBuffer& buffer = flow->buffer[Index(receiver)];
  const OverlapPolicy policy = flow->keep_last & 1u << Index(receiver)
                                   ? OverlapPolicy::kLast
                                   : OverlapPolicy::kFirst;
  const uint64_t ahead =
      StreamBuffer::AheadBytes(flow->buffer_bytes[Index(receiver)]);
  bool grown = false;
  bool lost = false;
  uint32_t base = 0;  // of the mbuf, in the frame
  for (const rte_mbuf* part = frame.frame; part != nullptr && base < end;
       part = part->next) {
    const uint32_t from = std::max(base, first);
    const uint32_t to = std::min(base + part->data_len, end);
    if (from < to) {
      const auto* const bytes =
          rte_pktmbuf_mtod_offset(part, const uint8_t*, from - base);
      const InsertCounts counts =
          buffer.Insert(blocks_.get(), tracked.stream_offset + (from - first),
                        {bytes, to - from}, policy, ahead);
      grown |= counts.in_order != 0;
      lost |= counts.dropped != 0 || counts.pushed_out != 0;
    }
    base += part->data_len;
  }
  if (grown) {
    NoteNewData(flow, receiver);
    FollowBuffer(flow, receiver);
  }
  if (lost) Raise(flow, Hook::kNull, receiver, MOS_ON_ERROR, true);
}

// Several holes may have been filled, the last one before a FIN.
void FlowMonitor::FollowBuffer(MonitoredFlow* flow, Side receiver) {
  FlowRecord* const record = flow->record;
  const TcpState before = record->tcp.end[Index(receiver)].state;
  dataplane::TcpSeenUpTo(&record->tcp, Other(receiver),
                         flow->buffer[Index(receiver)].next_expected());
  if (record->tcp.end[Index(receiver)].state == before) return;
  shown_[Index(receiver)] = record->tcp.end[Index(receiver)].state;
  dataplane::FlowStatus status = record->Status();
  status.set_tcp_states(record->tcp.end[0].state, record->tcp.end[1].state);
  record->SetStatus(status);
}

// What the peer has acknowledged and nobody has seen will not come any more.
void FlowMonitor::Acknowledge(MonitoredFlow* flow, Side receiver) {
  if (flow->buffer_bytes[Index(receiver)] == 0) return;
  StreamBuffer& buffer = flow->buffer[Index(receiver)];
  const uint64_t acknowledged =
      dataplane::TcpAckedOffset(flow->record->tcp, Other(receiver));
  if (acknowledged <= buffer.next_expected()) [[likely]]
    return;
  const uint64_t before = buffer.next_expected();
  const uint64_t lost = buffer.AcknowledgedUpTo(blocks_.get(), acknowledged);
  if (lost == 0) return;
  if (buffer.next_expected() - before > lost) NoteNewData(flow, receiver);
  Raise(flow, Hook::kNull, receiver, MOS_ON_ERROR, true);
}

void FlowMonitor::NoteNewData(MonitoredFlow* flow, Side receiver) {
  if (flow->new_data == 0) {
    flow->first_new = static_cast<uint8_t>(Index(receiver));
  }
  flow->new_data |= static_cast<uint8_t>(1u << Index(receiver));
  SeeToAfterBurst(flow);
}

void FlowMonitor::SeeToAfterBurst(MonitoredFlow* flow) {
  if (flow->in_burst) return;
  flow->in_burst = true;
  in_burst_.push_back(flows_.IndexOf(*flow));
}

void FlowMonitor::OnBurstEnd() {
  // A callback may add to them.
  for (size_t i = 0; i < in_burst_.size(); ++i) {
    MonitoredFlow& flow = flows_[in_burst_[i]];
    if (!flow.in_burst) continue;  // it has ended
    flow.in_burst = false;
    TellNewData(&flow);
    TrimBuffers(&flow);
    if (flow.has_stopped) Reap(&flow);
  }
  in_burst_.clear();
}

void FlowMonitor::TellNewData(MonitoredFlow* flow) {
  const auto first = static_cast<Side>(flow->first_new);
  for (const Side receiver : {first, Other(first)}) {
    if (!(flow->new_data & 1u << Index(receiver))) continue;
    Raise(flow, Hook::kNull, receiver, MOS_ON_CONN_NEW_DATA,
          receiver == Side::kServer);
  }
  flow->new_data = 0;
}

// Of each buffer the newest bytes stay; whoever has not read the others has
// lost them.
void FlowMonitor::TrimBuffers(MonitoredFlow* flow) {
  for (const Side receiver : {Side::kClient, Side::kServer}) {
    const uint32_t limit = flow->buffer_bytes[Index(receiver)];
    StreamBuffer& buffer = flow->buffer[Index(receiver)];
    if (limit == 0 || buffer.next_expected() <= limit) continue;
    const uint64_t base = buffer.next_expected() - limit;
    if (base <= buffer.base()) continue;
    buffer.Trim(blocks_.get(), limit);
    if (!(flow->mask[At(Hook::kNull)] & MOS_ON_ERROR)) continue;
    TellOverwritten(flow, receiver, base);
  }
}

void FlowMonitor::TellOverwritten(MonitoredFlow* flow, Side receiver,
                                  uint64_t base) {
  const auto bit = static_cast<uint8_t>(1u << Index(receiver));
  ++depth_;
  for (uint32_t next = flow->first_socket; next != kNoIndex;) {
    FlowSocket& socket = sockets_[next];
    const int number = kFirstFlowSocket + static_cast<int>(next);
    next = socket.next;
    if ((socket.stopped & bit) || socket.read_offset[Index(receiver)] >= base) {
      continue;
    }
    dispatcher_->Begin();
    dispatcher_->Call(number, &socket.callbacks, Hook::kNull,
                      static_cast<int>(Index(receiver)), MOS_ON_ERROR,
                      &socket.stopped, bit);
  }
  --depth_;
}

void FlowMonitor::OnFlowEnd(FlowRecord* record, EndReason reason) {
  MonitoredFlow* const flow = &flows_[record->sink_data - 1];
  TellNewData(flow);
  TellEnd(flow, reason == EndReason::kRstClient);
  Free(flow);
}

void FlowMonitor::EndAll() {
  std::vector<uint32_t> by_age;
  for (uint32_t i = 0; i < flows_.used(); ++i) {
    if (flows_[i].record != nullptr) by_age.push_back(i);
  }
  std::ranges::sort(by_age, {},
                    [this](uint32_t index) { return flows_[index].number; });
  for (const uint32_t index : by_age) {
    MonitoredFlow& flow = flows_[index];
    // A callback may have stopped watching it.
    if (flow.record != nullptr) OnFlowEnd(flow.record, EndReason::kShutdown);
  }
}

// A side that is dead already goes first, or that was reset, else the client.
void FlowMonitor::TellEnd(MonitoredFlow* flow, bool server_was_reset) {
  shown_flow_ = flow;
  for (const Side side : {Side::kClient, Side::kServer}) {
    shown_[Index(side)] = flow->record->tcp.end[Index(side)].state;
  }
  const bool server_first =
      server_was_reset ||
      (Shown(shown_[Index(Side::kServer)]) == TcpState::kClosed &&
       Shown(shown_[Index(Side::kClient)]) != TcpState::kClosed);
  const Side first = server_first ? Side::kServer : Side::kClient;
  for (const Side side : {first, Other(first)}) {
    shown_[Index(side)] = TcpState::kClosed;
    for (const Hook hook : {Hook::kReceiver, Hook::kSender}) {
      Raise(flow, hook, side, MOS_ON_TCP_STATE_CHANGE | MOS_ON_CONN_END,
            side == Side::kServer);
    }
  }
  shown_flow_ = nullptr;
}

TcpState FlowMonitor::StateOf(const MonitoredFlow& flow, Side side) const {
  return Shown(&flow == shown_flow_ ? shown_[Index(side)]
                                    : flow.record->tcp.end[Index(side)].state);
}

}  // namespace mosd::api
