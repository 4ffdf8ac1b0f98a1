// What segments mean to the program, and in which order it is told.
#include "api/context/flow_monitor.h"

#include <algorithm>
#include <utility>

#include "dataplane/packet/parser.h"

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

// An end of which nothing is known yet is CLOSED to the program.
TcpState Shown(TcpState state) {
  return state == TcpState::kListen ? TcpState::kClosed : state;
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

void FlowMonitor::OnAnySegment(const FrameView& frame,
                               const TrackedFrame& tracked) {
  MonitoredFlow* const flow =
      tracked.started ? Adopt(frame, tracked) : &flows_[tracked.sink_data - 1];
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
  FinishSegment(flow, frame, tracked, always);
}

// After the sender's callbacks.
void FlowMonitor::FinishSegment(MonitoredFlow* flow, const FrameView& frame,
                                const TrackedFrame& tracked, uint32_t always) {
  if (flow->mask[At(Hook::kReceiver)] != 0 || flow->Buffers()) {
    shown_flow_ = flow;
    for (const Side side : {Side::kClient, Side::kServer}) {
      shown_[Index(side)] = StateAfter(tracked, side);
    }
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

// What the segment does to the one it was sent to.
void FlowMonitor::ReachReceiver(MonitoredFlow* flow, const FrameView& frame,
                                const TrackedFrame& tracked, uint32_t always) {
  const Side receiver = Other(tracked.sender);
  const bool toward_server = receiver == Side::kServer;
  if (tracked.in_window) Acknowledge(flow, tracked.sender);
  // What a reset carries belongs to no stream.
  const bool data = frame.parsed().payload_length != 0 &&
                    !(frame.parsed().tcp_flags & dataplane::kTcpRst);
  const bool ahead =
      data && tracked.in_window && CameBefore(flow, frame, tracked);
  const uint32_t again = tracked.repetition || ahead ? MOS_ON_REXMIT : 0;
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
  do {
    FlowSocket& socket = sockets_[next];
    const int number = kFirstFlowSocket + static_cast<int>(next);
    next = toward_server ? socket.next : socket.previous;
    if (socket.stopped & bit) continue;
    if (const TrackedFrame* const tracked = packet_->tracked()) {
      packet_->Offer(number, static_cast<int>(tracked->sender));
    }
    dispatcher_->Call(number, &socket.callbacks, hook,
                      static_cast<int>(Index(side)), events, &socket.stopped,
                      bit);
  } while (next != kNoIndex);
  --depth_;
}

void FlowMonitor::EndFlow(MonitoredFlow* flow, EndReason reason) {
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
    if (flow.record != nullptr) EndFlow(&flow, EndReason::kShutdown);
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
  if (&flow == shown_flow_) return Shown(shown_[Index(side)]);
  // At the sender's hook the receiver has not got the segment.
  const TrackedFrame* const tracked = packet_->tracked();
  if (tracked != nullptr && tracked->flow == flow.record &&
      tracked->sender != side) {
    return Shown(tracked->state_before[Index(side)]);
  }
  return Shown(flow.record->tcp.end[Index(side)].state);
}

}  // namespace mosd::api
