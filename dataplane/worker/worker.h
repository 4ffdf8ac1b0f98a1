// One worker: a thread that polls its receive queues, runs each burst through
// the pipeline to its end, and alone writes its flows and their last frames.
// Start, Stop and Drain are for the thread that owns the dataplane, everything
// const for any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/base/latch.h"
#include "dataplane/base/single_writer.h"
#include "dataplane/dataplane.h"
#include "dataplane/flow/flow_event_ring.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/options.h"
#include "dataplane/port/rx_queue.h"
#include "dataplane/worker/handoff.h"
#include "dataplane/worker/live_stamper.h"
#include "dataplane/worker/pipeline.h"
#include "dataplane/worker/worker_counts.h"

namespace mosd::dataplane {

class Worker {
 public:
  // The share of a worker: of flows, rounded up, and of last_frame_bytes.
  static FlowTableOptions TableOptions(const DataplaneOptions& options,
                                       uint32_t number);
  static uint64_t FrameBytes(const DataplaneOptions& options) {
    return options.last_frame_bytes / options.workers;
  }
  // What a worker takes besides its table, its last frames and DPDK's memory.
  static size_t OwnBytes(const DataplaneOptions& options);

  // Worker `number` of the dataplane of `options`, with its share of flows and
  // memory. `hash` and `handoff` (null: there is one worker) outlive it. EAL is
  // up. RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Worker>> Create(
      const DataplaneOptions& options, uint32_t number, const FlowHash* hash,
      Handoff* handoff);
  ~Worker();

  // Before Start.
  void AddQueue(const RxQueue& queue) {
    inputs_.push_back({queue, LiveStamper(queue)});
  }

  // Starts the thread. INVALID_ARGUMENT: no such CPU; RESOURCE_EXHAUSTED: no
  // thread to be had.
  absl::Status Start();

  // Ends the thread; what captures have queued is counted as dropped by
  // kShutdown. The captures' readers have ended. Idempotent.
  void Stop();

  // When all workers have stopped: drops what others handed over, and ends the
  // flows.
  void Drain();

  WorkerSnapshot Snapshot() const;
  int64_t NowNs() const { return now_ns_.Get(); }
  const FlowTable& flows() const { return *flows_; }
  const FramePool& frame_pool() const { return frame_pool_; }
  FlowEventRing& events() { return events_; }

 private:
  struct Input {
    RxQueue queue;
    LiveStamper stamper;  // of a live port
  };

  Worker(const DataplaneOptions& options, uint32_t number, Handoff* handoff,
         FramePool frame_pool);

  void AttachSink();
  void Run();
  uint32_t Turn();
  uint32_t TakeOver();
  uint32_t Poll(Input* input);
  void DiscardQueued();
  void Beat();
  void Publish();

  const uint32_t number_;
  const int32_t cpu_;
  const IdlePolicy idle_;
  const uint16_t burst_;
  FlowSink* const sink_;  // null: there is no program
  uint64_t flow_capacity_ = 0;
  Handoff* const handoff_;
  std::vector<Input> inputs_;
  // There is a live port; else captures tell the time.
  bool host_clock_ = false;

  FlowEventRing events_;
  FramePool frame_pool_;
  FrameWriter frame_writer_;
  std::unique_ptr<FlowTable> flows_;
  std::unique_ptr<Pipeline> pipeline_;

  std::thread thread_;
  std::atomic<bool> stop_{false};  // writer: Stop(); reader: the thread

  // Writer: the thread (Drain() when it has ended). Readers: any.
  Latch<WorkerCounts> counts_;
  SingleWriter<int64_t> now_ns_;
  SingleWriter<int64_t> heartbeat_ns_;  // CLOCK_MONOTONIC; 0: does not run
  SingleWriter<uint64_t> turns_;
  SingleWriter<uint64_t> busy_turns_;
  SingleWriter<uint64_t> slow_turns_;
};

}  // namespace mosd::dataplane
