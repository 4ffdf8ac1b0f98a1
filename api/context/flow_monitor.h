// The flows that stream sockets watch: which sockets see which flow, what its
// segments mean to them, and in which order they are told. Owned by a context;
// its worker's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/context/callback_set.h"
#include "api/context/dispatcher.h"
#include "api/context/monitored_flow.h"
#include "api/context/packet_view.h"
#include "api/context/pool.h"
#include "api/context/socket.h"
#include "api/stream/block_pool.h"
#include "dataplane/flow/flow_sink.h"
#include "dataplane/tcp/tcp_state.h"

namespace mosd::api {

inline dataplane::TcpState StateAfter(const dataplane::TrackedFrame& tracked,
                                      Side side) {
  return tracked.flow->tcp.end[dataplane::Index(side)].state;
}

class FlowMonitor {
 public:
  // For `max_flows` flows at a time. `listeners`, `sets`, `dispatcher` and
  // `packet` belong to the same context and outlive the monitor.
  // RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<FlowMonitor>> Create(
      uint32_t max_flows, std::deque<Listener>* listeners, CallbackSets* sets,
      Dispatcher* dispatcher, PacketView* packet);

  // Stream listeners in the order of their creation; after each change of them
  // or of their callbacks.
  void SetListeners(std::vector<int> stream_listeners) {
    stream_listeners_ = std::move(stream_listeners);
  }

  // The flows' table, before the first one.
  void Attach(dataplane::FlowTable* table) { table_ = table; }

  // As FlowSink has them.
  void OnSegment(const dataplane::FrameView& frame,
                 const dataplane::TrackedFrame& tracked) {
    if (!tracked.started) [[likely]] {
      MonitoredFlow* const flow = &flows_[tracked.sink_data - 1];
      if (flow->packet_in != nullptr && !tracked.renumbered &&
          !packet_->HasEdits()) {
        TellPacketIn(flow, frame, tracked);
        return;
      }
    }
    OnAnySegment(frame, tracked);
  }
  void OnFlowEnd(uint32_t sink_data, dataplane::EndReason reason) {
    EndFlow(&flows_[sink_data - 1], reason);
  }
  void OnBurstEnd();

  // Ends all flows, as for the program, the oldest first.
  void EndAll();

  // Null: there is no such flow socket.
  FlowSocket* Find(int socket) {
    if (socket < kFirstFlowSocket) return nullptr;
    const auto index = static_cast<uint32_t>(socket - kFirstFlowSocket);
    if (index >= sockets_.used()) return nullptr;
    FlowSocket& found = sockets_[index];
    return found.in_use && found.stopped != kBothSides ? &found : nullptr;
  }
  MonitoredFlow& FlowOf(const FlowSocket& socket) {
    return flows_[socket.flow];
  }

  // What callbacks may do to a flow socket.
  // Stops watching sides (1 << Index); both: the socket is no more.
  void Stop(FlowSocket* socket, uint8_t sides);
  // After a change of the socket's callbacks.
  void UpdateMask(const FlowSocket& socket);
  // Of a receiver; 0 switches off.
  void SetBufferBytes(FlowSocket* socket, Side receiver, uint32_t bytes);

  // Stops all flow sockets of a listener.
  void StopListener(int listener);

  // As the hook that is being called shall see it.
  dataplane::TcpState StateOf(const MonitoredFlow& flow, Side side) const;

  const BlockPool& blocks() const { return *blocks_; }
  uint32_t flow_count() const { return flows_.in_use(); }
  uint64_t refused_flows() const { return refused_flows_; }

 private:
  FlowMonitor(Pool<MonitoredFlow> flows, Pool<FlowSocket> sockets,
              std::unique_ptr<BlockPool> blocks,
              std::deque<Listener>* listeners, CallbackSets* sets,
              Dispatcher* dispatcher, PacketView* packet);

  MonitoredFlow* Adopt(const dataplane::FrameView& frame,
                       const dataplane::TrackedFrame& tracked);
  void EndFlow(MonitoredFlow* flow, dataplane::EndReason reason);
  void AddSocket(MonitoredFlow* flow, int listener);
  // Tells the flow's sockets of events (bits) that any of them wants to know.
  void Raise(MonitoredFlow* flow, Hook hook, Side side, uint32_t events,
             bool toward_server) {
    events &= flow->mask[At(hook)];
    if (events != 0) CallSockets(flow, hook, side, events, toward_server);
  }
  void OnAnySegment(const dataplane::FrameView& frame,
                    const dataplane::TrackedFrame& tracked);
  // A segment of a flow with a callback in packet_in. That is all there is to
  // it, unless there are buffers, or the callback wants more from here on.
  void TellPacketIn(MonitoredFlow* flow, const dataplane::FrameView& frame,
                    const dataplane::TrackedFrame& tracked) {
    const int socket = kFirstFlowSocket + static_cast<int>(flow->first_socket);
    const auto sender = static_cast<int>(tracked.sender);
    packet_->Enter(&frame, &tracked);
    packet_->Offer(socket, sender);
    flow->packet_in(dispatcher_->mctx(), socket, sender, MOS_ON_PKT_IN,
                    nullptr);
    if (flow->packet_in == nullptr || flow->Buffers()) {
      FinishSegment(flow, frame, tracked, MOS_ON_PKT_IN);
      return;
    }
    packet_->Leave();
  }
  // Callbacks are running: sockets stay where they are.
  bool Running() const { return depth_ != 0 || packet_->tracked() != nullptr; }
  void FinishSegment(MonitoredFlow* flow, const dataplane::FrameView& frame,
                     const dataplane::TrackedFrame& tracked, uint32_t always);
  void CallSockets(MonitoredFlow* flow, Hook hook, Side side, uint32_t events,
                   bool toward_server);
  void TellSyn(MonitoredFlow* flow, const dataplane::TrackedFrame& tracked);
  void RestartStream(MonitoredFlow* flow, Side receiver);
  void ReachReceiver(MonitoredFlow* flow, const dataplane::FrameView& frame,
                     const dataplane::TrackedFrame& tracked, uint32_t always);
  void Receive(MonitoredFlow* flow, const dataplane::FrameView& frame,
               const dataplane::TrackedFrame& tracked);
  bool CameBefore(MonitoredFlow* flow, const dataplane::FrameView& frame,
                  const dataplane::TrackedFrame& tracked);
  void FollowInOrder(MonitoredFlow* flow, Side receiver, uint64_t offset);
  void Acknowledge(MonitoredFlow* flow, Side receiver);
  void NoteNewData(MonitoredFlow* flow, Side receiver);
  void SeeToAfterBurst(MonitoredFlow* flow);
  void TellNewData(MonitoredFlow* flow);
  void TrimBuffers(MonitoredFlow* flow);
  void TellOverwritten(MonitoredFlow* flow, Side receiver, uint64_t base);
  void TellEnd(MonitoredFlow* flow, bool server_was_reset);
  void Reap(MonitoredFlow* flow);
  void Remove(MonitoredFlow* flow, FlowSocket* socket);
  void Free(MonitoredFlow* flow);
  void UpdateMask(MonitoredFlow* flow);

  Pool<MonitoredFlow> flows_;
  Pool<FlowSocket> sockets_;
  std::unique_ptr<BlockPool> blocks_;
  std::deque<Listener>* const listeners_;
  CallbackSets* const sets_;
  Dispatcher* const dispatcher_;
  PacketView* const packet_;
  dataplane::FlowTable* table_ = nullptr;
  std::vector<int> stream_listeners_;
  std::vector<uint32_t> in_burst_;  // flows to be seen to after the burst
  // States that differ from the record's while a flow's callbacks run.
  const MonitoredFlow* shown_flow_ = nullptr;
  dataplane::TcpState shown_[kSides] = {};
  int depth_ = 0;  // callbacks that CallSockets or TellOverwritten is in
  uint64_t adopted_ = 0;
  uint64_t refused_flows_ = 0;
};

}  // namespace mosd::api
