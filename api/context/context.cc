#include "api/context/context.h"

#include <rte_mbuf.h>

#include <algorithm>

namespace mosd::api {

using dataplane::DropReason;
using dataplane::FrameView;

constinit thread_local Context* Context::current_ = nullptr;

absl::StatusOr<std::unique_ptr<Context>> Context::Create(
    mctx_t mctx, const ContextOptions& options) {
  std::unique_ptr<Context> context(new Context(mctx, options));
  auto flows = FlowMonitor::Create(options.max_flows, &context->listeners_,
                                   &context->sets_, &context->dispatcher_,
                                   &context->packet_);
  if (!flows.ok()) return flows.status();
  context->flows_ = *std::move(flows);
  return context;
}

Context::Context(mctx_t mctx, const ContextOptions& options)
    : mctx_(mctx), options_(options), dispatcher_(mctx) {}

void Context::RequestEnd() {
  for (const Phase from : {Phase::kCreated, Phase::kRunning}) {
    if (Move(from, Phase::kEnding)) return;
  }
}

bool Context::Call(CommandQueue::Function function) {
  const Phase now = phase();
  if (IsOwnThread() && now != Phase::kEnded) {  // in callbacks, to the last one
    function();
    return true;
  }
  if (now != Phase::kCreated && now != Phase::kRunning) return false;
  Context* const own = current_;
  return commands_.Call(function, [own] {
    if (own != nullptr) own->commands_.Serve();
  });
}

int Context::AddListener(int type, bool ipv4, bool ipv6) {
  const auto unused =
      std::ranges::find(listeners_, MOS_SOCK_UNUSED, &Listener::type);
  const auto number = static_cast<int>(unused - listeners_.begin());
  if (number == kFirstFlowSocket) return -1;
  if (unused == listeners_.end()) listeners_.emplace_back();
  Listener& listener = listeners_[static_cast<size_t>(number)];
  listener = {};
  listener.type = type;
  listener.ipv4 = ipv4;
  listener.ipv6 = ipv6;
  listener.callbacks = sets_.New();
  std::ranges::fill(listener.buffer_bytes, options_.buffer_bytes);
  by_age_.push_back(number);
  UpdateInterest();
  return number;
}

Listener* Context::FindListener(int socket) {
  if (socket < 0 || static_cast<size_t>(socket) >= listeners_.size()) {
    return nullptr;
  }
  Listener& listener = listeners_[static_cast<size_t>(socket)];
  const bool open = listener.type != MOS_SOCK_UNUSED && listener.stopped == 0;
  return open ? &listener : nullptr;
}

// Its number is free again when no callback of it can be running.
void Context::CloseListener(int socket) {
  Listener& listener = listeners_[static_cast<size_t>(socket)];
  listener.stopped = kBothSides;
  if (listener.type == MOS_SOCK_MONITOR_STREAM) flows_->StopListener(socket);
  std::erase(by_age_, socket);
  has_closed_ = true;
  UpdateInterest();
}

void Context::FreeClosed() {
  has_closed_ = false;
  for (Listener& listener : listeners_) {
    if (listener.type == MOS_SOCK_UNUSED || listener.stopped == 0) continue;
    sets_.Release(listener.callbacks);
    listener = {};
  }
}

void Context::UpdateInterest() {
  constexpr uint32_t kOfFlows = ~uint32_t{MOS_ON_ORPHAN};
  frame_listeners_.clear();
  orphan_listeners_.clear();
  std::vector<int> stream_listeners;
  uint32_t interest = 0;
  for (const int number : by_age_) {
    const Listener& listener = listeners_[static_cast<size_t>(number)];
    const auto& mask = listener.callbacks->mask;
    if (mask[At(Hook::kNull)] & MOS_ON_ORPHAN) {
      orphan_listeners_.push_back(number);
      interest |= kOrphans;
    }
    if (listener.type == MOS_SOCK_MONITOR_RAW) {
      if (!(mask[At(Hook::kNull)] & MOS_ON_PKT_IN)) continue;
      frame_listeners_.push_back(number);
      interest |= kFrames;
    } else if ((mask[At(Hook::kSender)] | mask[At(Hook::kReceiver)] |
                mask[At(Hook::kNull)]) &
               kOfFlows) {
      stream_listeners.push_back(number);
      interest |= kFlows;
    }
  }
  // Flows that are watched go on being watched.
  if (flows_->flow_count() != 0) interest |= kFlows;
  interest_ = interest;
  flows_->SetListeners(std::move(stream_listeners));
}

void Context::Attach(const dataplane::WorkerAccess& access) {
  worker_ = access;
  packet_.Attach(access);
  flows_->Attach(access.flows);
}

bool Context::BeginTurn(int64_t now_ns) {
  current_ = this;
  now_ns_ = std::max(now_ns_, now_ns);
  commands_.Serve();
  if (has_closed_) [[unlikely]]
    FreeClosed();
  switch (phase()) {
    case Phase::kIdle:
      return released_.load(std::memory_order_relaxed);
    case Phase::kCreated:
      if (!released_.load(std::memory_order_relaxed)) return false;
      [[fallthrough]];
    case Phase::kRunning:
      flows_->OnBurstEnd();  // what commands and timers have left
      if (timers_.IsDue(now_ns_)) timers_.Run(mctx_, now_ns_);
      return true;
    case Phase::kEnding:
      EndProgram();
      return true;
    case Phase::kEnded:
      return true;
  }
  return true;
}

// The flows go on; the program does not see them any more.
void Context::EndProgram() {
  flows_->EndAll();
  interest_ = 0;
  commands_.Close();
  phase_.store(Phase::kEnded, std::memory_order_release);
}

void Context::TellListeners(const std::vector<int>& numbers, uint32_t event,
                            const FrameView& frame) {
  packet_.Enter(&frame, nullptr);
  dispatcher_.Begin();
  // A callback may change the list, and shall keep no other socket's from
  // being called.
  told_.assign(numbers.begin(), numbers.end());
  for (const int number : told_) {
    Listener& listener = listeners_[static_cast<size_t>(number)];
    if (!Wants(listener, event, frame)) continue;
    dispatcher_.Call(number, &listener.callbacks, Hook::kNull, MOS_SIDE_BOTH,
                     event, &listener.stopped, kBothSides);
  }
  packet_.Leave();
}

bool Context::Wants(const Listener& listener, uint32_t event,
                    const FrameView& frame) {
  if (listener.stopped != 0) return false;
  if (event == MOS_ON_PKT_IN) {
    return listener.frame_filter == nullptr ||
           listener.frame_filter->Matches(*frame.frame);
  }
  const bool ipv4 = frame.parsed().key.version == dataplane::IpVersion::kIpv4;
  return (ipv4 ? listener.ipv4 : listener.ipv6) &&
         Matches(listener.orphan_filter, frame.parsed().key,
                 frame.parsed().source_index);
}

void Context::OnFrame(const FrameView& frame) {
  TellListeners(frame_listeners_, MOS_ON_PKT_IN, frame);
}

void Context::OnOrphan(const FrameView& frame) {
  TellListeners(orphan_listeners_, MOS_ON_ORPHAN, frame);
}

void Context::OnSegment(const FrameView& frame,
                        const dataplane::TrackedFrame& tracked) {
  now_ns_ = std::max(now_ns_, frame.capture_time_ns);
  flows_->OnSegment(frame, tracked);
}

void Context::OnFlowEnd(uint32_t sink_data, dataplane::EndReason reason) {
  flows_->OnFlowEnd(sink_data, reason);
}

void Context::OnBurstEnd() {
  packet_.ForgetEdits();
  flows_->OnBurstEnd();
}

void Context::EndWorker() {
  EndProgram();
  current_ = nullptr;
}

}  // namespace mosd::api
