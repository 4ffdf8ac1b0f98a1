// One mOS context: what a program does on one worker. It is the worker's sink,
// and owns its sockets, flows and timers, all of which only the worker's thread
// touches; calls of other threads are run there (Call).
//
// Life: kIdle until mtcp_create_context(), kCreated until mtcp_app_join(),
// kRunning, kEnding from mtcp_destroy_context() on, kEnded when the flows have
// been told; back to kIdle with the next appliance only.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "api/context/callback_set.h"
#include "api/context/command_queue.h"
#include "api/context/dispatcher.h"
#include "api/context/flow_monitor.h"
#include "api/context/packet_view.h"
#include "api/context/socket.h"
#include "api/context/timer_list.h"
#include "dataplane/flow/flow_sink.h"
#include "mos_api.h"

namespace mosd::api {

// What a context takes over from the configuration.
struct ContextOptions {
  uint32_t max_flows = 0;
  uint32_t buffer_bytes = 0;     // of each receive buffer; 0: off
  bool last_is_current = false;  // mtcp_getlastpkt ignores its side
};

class Context final : public dataplane::FlowSink {
 public:
  enum class Phase : uint8_t { kIdle, kCreated, kRunning, kEnding, kEnded };

  // `mctx` is what the program gets to know it by. RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Context>> Create(
      mctx_t mctx, const ContextOptions& options);

  // Any thread; async-signal-safe.
  Phase phase() const { return phase_.load(std::memory_order_acquire); }
  // From kIdle to kCreated, and so on. False: it is not in `from`.
  bool Move(Phase from, Phase to) {
    return phase_.compare_exchange_strong(from, to);
  }
  // Ends it, soon. Async-signal-safe.
  void RequestEnd();
  // The worker may go on without a program: none has shown up.
  void Release() { released_.store(true, std::memory_order_relaxed); }

  // Runs `function` on the worker's thread, now if that is the caller's. False:
  // the context does not run.
  bool Call(CommandQueue::Function function);

  // Whether the caller is the worker's thread, which alone may use the rest.
  bool IsOwnThread() const { return current_ == this; }
  static Context* OfThisThread() { return current_; }

  mctx_t mctx() const { return mctx_; }
  const ContextOptions& options() const { return options_; }
  int64_t now_ns() const { return now_ns_; }
  // Of the packet that is being processed, else the clock's.
  int64_t TimeNs() const {
    return packet_.frame() != nullptr ? packet_.frame()->capture_time_ns
                                      : now_ns_;
  }
  // Number of a new listener, or -1: there are kFirstFlowSocket.
  int AddListener(int type, bool ipv4, bool ipv6);
  // Null: there is no such listener.
  Listener* FindListener(int socket);
  void CloseListener(int socket);
  // After a change of a listener.
  void UpdateInterest();

  FlowMonitor& flows() { return *flows_; }
  CallbackSets& callback_sets() { return sets_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  PacketView& packet() { return packet_; }
  TimerList& timers() { return timers_; }
  const dataplane::WorkerAccess& worker() const { return worker_; }

  // dataplane::FlowSink
  void Attach(const dataplane::WorkerAccess& access) override;
  bool BeginTurn(int64_t now_ns) override;
  void OnFrame(const dataplane::FrameView& frame) override;
  void OnSegment(const dataplane::FrameView& frame,
                 const dataplane::TrackedFrame& tracked) override;
  void OnOrphan(const dataplane::FrameView& frame) override;
  void OnFlowEnd(uint32_t sink_data, dataplane::EndReason reason) override;
  void OnBurstEnd() override;
  void EndWorker() override;

 private:
  Context(mctx_t mctx, const ContextOptions& options);

  void EndProgram();
  void FreeClosed();
  static bool Wants(const Listener& listener, uint32_t event,
                    const dataplane::FrameView& frame);
  void TellListeners(const std::vector<int>& numbers, uint32_t event,
                     const dataplane::FrameView& frame);

  // Read in every call of a callback.
  [[gnu::tls_model(
      "initial-exec")]] static constinit thread_local Context* current_;

  const mctx_t mctx_;
  const ContextOptions options_;
  std::atomic<Phase> phase_{Phase::kIdle};
  std::atomic<bool> released_{false};  // writer: any; reader: the worker
  CommandQueue commands_;

  dataplane::WorkerAccess worker_;
  int64_t now_ns_ = 0;
  CallbackSets sets_;
  Dispatcher dispatcher_;
  PacketView packet_;
  TimerList timers_;
  std::deque<Listener> listeners_;  // by number; they stay where they are
  std::vector<int> by_age_;         // listeners, the oldest first
  // Those that want raw frames, and those that want orphans, oldest first.
  std::vector<int> frame_listeners_;
  std::vector<int> orphan_listeners_;
  std::vector<int> told_;    // listeners of the frame that is processed
  bool has_closed_ = false;  // a listener waits to be free again
  std::unique_ptr<FlowMonitor> flows_;
};

}  // namespace mosd::api
