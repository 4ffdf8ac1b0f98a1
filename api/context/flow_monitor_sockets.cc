// Which sockets see which flow.
#include <algorithm>
#include <utility>

#include "api/context/flow_monitor.h"
#include "dataplane/flow/flow_table.h"

namespace mosd::api {
namespace {

using dataplane::FrameView;
using dataplane::Index;
using dataplane::TrackedFrame;

// Sockets a flow, on the average; the memory for them is taken as it is used.
constexpr uint64_t kSocketsAFlow = 4;
constexpr uint64_t kLeastSockets = 65536;

// Receive buffers may take as much as every flow's would at their usual size,
// within these bounds.
constexpr uint64_t kUsualBufferBytes = 2 * 8192;
constexpr uint64_t kLeastBufferMemory = uint64_t{64} << 20;
constexpr uint64_t kMostBufferMemory = uint64_t{1} << 30;

callback_t OnlyPacketIn(const FlowSocket& socket) {
  const CallbackSet& set = *socket.callbacks;
  const bool only = socket.stopped == 0 && set.mask[At(Hook::kReceiver)] == 0 &&
                    set.mask[At(Hook::kSender)] == MOS_ON_PKT_IN &&
                    set.user[At(Hook::kSender)].empty();
  return only ? set.builtin[At(Hook::kSender)][0] : nullptr;
}
static_assert(MOS_ON_PKT_IN == 1);

}  // namespace

absl::StatusOr<std::unique_ptr<FlowMonitor>> FlowMonitor::Create(
    uint32_t max_flows, std::deque<Listener>* listeners, CallbackSets* sets,
    Dispatcher* dispatcher, PacketView* packet) {
  auto flows = Pool<MonitoredFlow>::Create(max_flows);
  if (!flows.ok()) return flows.status();
  const uint64_t most = std::numeric_limits<int>::max() - kFirstFlowSocket;
  auto sockets = Pool<FlowSocket>::Create(static_cast<uint32_t>(
      std::clamp(max_flows * kSocketsAFlow, kLeastSockets, most)));
  if (!sockets.ok()) return sockets.status();
  auto blocks = BlockPool::Create(std::clamp(
      max_flows * kUsualBufferBytes, kLeastBufferMemory, kMostBufferMemory));
  if (!blocks.ok()) return blocks.status();
  return std::unique_ptr<FlowMonitor>(
      new FlowMonitor(*std::move(flows), *std::move(sockets),
                      *std::move(blocks), listeners, sets, dispatcher, packet));
}

// The first SYN decides, for each socket by its own filter.
MonitoredFlow* FlowMonitor::Adopt(const FrameView& frame,
                                  const TrackedFrame& tracked) {
  MonitoredFlow* flow = nullptr;
  const dataplane::FlowKey& key = frame.parsed().key;
  const size_t client = tracked.flow->Status().client_index();
  const bool ipv4 = key.version == dataplane::IpVersion::kIpv4;
  for (const int number : stream_listeners_) {
    const Listener& listener = (*listeners_)[static_cast<size_t>(number)];
    if (listener.callbacks->empty() ||
        !(ipv4 ? listener.ipv4 : listener.ipv6)) {
      continue;
    }
    if (!Matches(listener.syn_filter, key, client)) continue;
    if (flow == nullptr) {
      flow = flows_.Take();
      if (flow == nullptr) {
        ++refused_flows_;
        return nullptr;
      }
      flow->record = tracked.flow;
      flow->number = ++adopted_;
      flow->first_socket = kNoIndex;
      flow->last_socket = kNoIndex;
      table_->ColdOf(*tracked.flow)->sink_data = flows_.IndexOf(*flow) + 1;
    }
    AddSocket(flow, number);
  }
  if (flow == nullptr) return nullptr;
  if (flow->first_socket == kNoIndex) {
    Free(flow);
    return nullptr;
  }
  UpdateMask(flow);
  return flow;
}

void FlowMonitor::AddSocket(MonitoredFlow* flow, int number) {
  FlowSocket* const socket = sockets_.Take();
  if (socket == nullptr) {
    ++refused_flows_;
    return;
  }
  const Listener& listener = (*listeners_)[static_cast<size_t>(number)];
  const uint32_t index = sockets_.IndexOf(*socket);
  socket->in_use = true;
  socket->flow = flows_.IndexOf(*flow);
  socket->listener = static_cast<uint32_t>(number);
  socket->callbacks = sets_->Share(listener.callbacks);
  socket->next = kNoIndex;
  socket->previous = flow->last_socket;
  if (flow->last_socket == kNoIndex) {
    flow->first_socket = index;
  } else {
    sockets_[flow->last_socket].next = index;
  }
  flow->last_socket = index;
  // They share the flow's buffers: the one who wants most decides.
  for (size_t i = 0; i < kSides; ++i) {
    flow->buffer_bytes[i] =
        std::max(flow->buffer_bytes[i], listener.buffer_bytes[i]);
    if (listener.keep_last[i]) {
      flow->keep_last |= static_cast<uint8_t>(1u << i);
    }
  }
}

void FlowMonitor::Stop(FlowSocket* socket, uint8_t sides) {
  MonitoredFlow& flow = FlowOf(*socket);
  socket->stopped |= sides;
  packet_->Withdraw();
  uint8_t watched = 0;
  for (uint32_t i = flow.first_socket; i != kNoIndex; i = sockets_[i].next) {
    watched |= static_cast<uint8_t>(~sockets_[i].stopped & kBothSides);
  }
  for (size_t i = 0; i < kSides; ++i) {
    if (watched & 1u << i) continue;
    flow.buffer_bytes[i] = 0;
    flow.buffer[i].Clear(blocks_.get());
    flow.beside[i].seen_ahead = {};
  }
  UpdateMask(&flow);
  if (socket->stopped != kBothSides) return;
  flow.has_stopped = true;
  if (!Running()) Reap(&flow);
}

// Takes out the sockets that have stopped, and the flow with the last of them.
void FlowMonitor::Reap(MonitoredFlow* flow) {
  for (uint32_t i = flow->first_socket; i != kNoIndex;) {
    FlowSocket& socket = sockets_[i];
    i = socket.next;
    if (socket.stopped == kBothSides) Remove(flow, &socket);
  }
  flow->has_stopped = false;
  if (flow->first_socket == kNoIndex) Free(flow);
}

void FlowMonitor::Remove(MonitoredFlow* flow, FlowSocket* socket) {
  (socket->previous == kNoIndex ? flow->first_socket
                                : sockets_[socket->previous].next) =
      socket->next;
  (socket->next == kNoIndex ? flow->last_socket
                            : sockets_[socket->next].previous) =
      socket->previous;
  sets_->Release(socket->callbacks);
  socket->in_use = false;
  sockets_.Give(socket);
}

void FlowMonitor::Free(MonitoredFlow* flow) {
  while (flow->first_socket != kNoIndex) {
    Remove(flow, &sockets_[flow->first_socket]);
  }
  for (StreamBuffer& buffer : flow->buffer) buffer.Clear(blocks_.get());
  table_->ColdOf(*flow->record)->sink_data = 0;
  flow->record = nullptr;
  flow->in_burst = false;
  flows_.Give(flow);
}

void FlowMonitor::StopListener(int listener) {
  for (uint32_t i = 0; i < sockets_.used(); ++i) {
    FlowSocket& socket = sockets_[i];
    if (!socket.in_use || socket.listener != static_cast<uint32_t>(listener) ||
        socket.stopped == kBothSides) {
      continue;
    }
    Stop(&socket, kBothSides);
    // Callbacks are running, perhaps of this very flow: after the burst.
    if (socket.in_use) SeeToAfterBurst(&FlowOf(socket));
  }
}

void FlowMonitor::SetBufferBytes(FlowSocket* socket, Side receiver,
                                 uint32_t bytes) {
  MonitoredFlow& flow = FlowOf(*socket);
  StreamBuffer& buffer = flow.buffer[Index(receiver)];
  if (bytes == 0) {
    buffer.Clear(blocks_.get());
    flow.beside[Index(receiver)].seen_ahead = {};
  } else if (flow.buffer_bytes[Index(receiver)] == 0) {
    buffer.Clear(blocks_.get());
    // From here on: what was not kept can be had no more.
    buffer.Start(dataplane::TcpInOrderOffset(flow.record->tcp,
                                             dataplane::Other(receiver)));
  } else {
    buffer.Trim(blocks_.get(), bytes);
  }
  flow.buffer_bytes[Index(receiver)] = bytes;
}

void FlowMonitor::UpdateMask(const FlowSocket& socket) {
  UpdateMask(&flows_[socket.flow]);
}

void FlowMonitor::UpdateMask(MonitoredFlow* flow) {
  flow->mask = {};
  flow->packet_in = nullptr;
  if (flow->first_socket == flow->last_socket) {
    flow->packet_in = OnlyPacketIn(sockets_[flow->first_socket]);
  }
  for (uint32_t i = flow->first_socket; i != kNoIndex; i = sockets_[i].next) {
    const FlowSocket& socket = sockets_[i];
    if (socket.stopped == kBothSides) continue;
    for (size_t hook = 0; hook < kHooks; ++hook) {
      flow->mask[hook] |= socket.callbacks->mask[hook];
    }
  }
}

}  // namespace mosd::api
