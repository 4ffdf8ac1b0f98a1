// The dataplane as the rest of the program sees it: started with options, read
// from any thread without ever stopping a worker, commanded by messages. This
// is the only header of the dataplane that the control plane needs; for what
// one would take of memory, there is memory_plan.h.
//
// Every reading function is thread-safe, lock-free and takes bounded time.
// One Dataplane at a time in a process; as many in turn as wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/base/drop_reason.h"
#include "dataplane/flow/flow_snapshot.h"
#include "dataplane/options.h"

namespace mosd::dataplane {

struct PortSnapshot {
  std::string device;
  std::string driver;
  bool link_up = false;
  bool exhausted = false;  // a capture read to its end
  std::string error;       // why a capture ended early: truncated, unreadable
  uint32_t rx_queues = 0;
  uint64_t rx_frames = 0;  // handed to the workers
  uint64_t rx_bytes = 0;
  uint64_t missed_frames = 0;
  uint64_t error_frames = 0;
  uint64_t no_mbuf_frames = 0;
};

// A worker that is away for longer stands still as far as its ports see: they
// queue frames for milliseconds. Well above the ticks of the coarse clock (10
// ms at most) and a scheduler's time slice.
inline constexpr int64_t kSlowTurnNs = 100'000'000;

// received + handed_in = accounted + sum(drops) + handed_out, in every one.
struct WorkerSnapshot {
  int32_t cpu = -1;  // -1: not pinned
  uint64_t received_frames = 0;
  uint64_t received_bytes = 0;
  uint64_t accounted_frames = 0;
  uint64_t drops[kDropReasonCount] = {};
  uint64_t handed_out_frames = 0;
  uint64_t handed_in_frames = 0;
  uint64_t started_flows = 0;
  uint64_t midstream_flows = 0;
  uint64_t retransmitted_frames = 0;
  uint64_t flows_by_state[kFlowStates] = {};  // live states and kEnded
  uint64_t flows_ended[kEndReasons] = {};
  uint64_t flows_evicted[kFlowStates] = {};  // by the state they were in
  uint64_t flow_capacity = 0;                // live flows
  uint64_t last_frames_shortened = 0;
  uint64_t last_frames_not_kept = 0;
  uint64_t turns = 0;
  uint64_t busy_turns = 0;
  uint64_t slow_turns = 0;  // took more than kSlowTurnNs
  int64_t heartbeat_age_ns = 0;
};

// Last-frame buffers of one size, over all workers.
struct FrameClassSnapshot {
  uint32_t frame_bytes = 0;  // largest frame that fits
  uint64_t in_use = 0;
  uint64_t total = 0;
};

struct LastFrameMemorySnapshot {
  uint64_t used_bytes = 0;  // of buffers that hold a frame
  uint64_t capacity_bytes = 0;
  std::vector<FrameClassSnapshot> classes;
};

// Where a scan of all flows stands. Starts at {}.
struct ScanCursor {
  uint32_t worker = 0;
  uint32_t record = 0;
};

enum class ReadResult : uint8_t {
  kOk,
  kNoFlow,     // no flow has this id, or no longer
  kNoFrame,    // the side has sent nothing, or its frame could not be kept
  kContended,  // the frame was replaced during each of many attempts
};

class Dataplane {
 public:
  // Checks the options, brings DPDK and the ports up and starts the workers.
  // Errors name the port or option and what to do: INVALID_ARGUMENT,
  // NOT_FOUND (file, interface), PERMISSION_DENIED, RESOURCE_EXHAUSTED
  // (memory, hugepages), FAILED_PRECONDITION (one is running).
  static absl::StatusOr<std::unique_ptr<Dataplane>> Start(
      const DataplaneOptions& options);

  // Stops and joins. What was queued is counted as dropped by kShutdown.
  virtual ~Dataplane() = default;

  // Ends packet processing: ports stop, queued frames are counted, live flows
  // end with kShutdown. Reading goes on working. Idempotent.
  virtual void Stop() = 0;

  // True when there are ports, every one is a capture that does not loop, all
  // are read to their ends, and every frame is accounted.
  virtual bool InputExhausted() const = 0;

  virtual std::vector<PortSnapshot> Ports() const = 0;
  virtual std::vector<WorkerSnapshot> Workers() const = 0;
  virtual LastFrameMemorySnapshot LastFrameMemory() const = 0;
  virtual std::string DpdkVersion() const = 0;

  // The clock of the capture: what "idle for" is counted against, ns.
  virtual int64_t NowNs(uint32_t worker) const = 0;

  // One flow. False: there is none of that id.
  virtual bool ReadFlow(FlowId id, FlowSnapshot* flow) const = 0;

  // The newest flow, live or ended, between two endpoints in either order;
  // FlowId{0} if there is none.
  virtual FlowId FindFlow(IpVersion version, const Endpoint& a,
                          const Endpoint& b) const = 0;

  // The worker that owns the flow between two endpoints, whether there is one
  // or not.
  virtual uint32_t WorkerOf(IpVersion version, const Endpoint& a,
                            const Endpoint& b) const = 0;

  // Copies flows, live and ended, from `*cursor` on, to the front of `flows`
  // and sets `*found` to how many; moves the cursor, and looks at no more than
  // `max_records` records. Returns false when the scan is complete. A flow that
  // exists from before the first call to after the last is met exactly once.
  virtual bool ScanFlows(ScanCursor* cursor, size_t max_records,
                         std::span<FlowSnapshot> flows,
                         size_t* found) const = 0;

  // Copies the last frame of a side into `buffer` (at most buffer.size()
  // bytes; info->captured_length says how many there are).
  virtual ReadResult ReadLastFrame(FlowId id, Side side,
                                   std::span<uint8_t> buffer,
                                   LastFrameInfo* info) const = 0;

  // Flow events. While enabled, workers queue them in bounded rings; a full
  // ring loses events, and counts them. One consumer thread at a time.
  virtual void EnableEvents(bool enabled) = 0;
  // Appends what is queued, at most `limit`. Returns events lost since the
  // call before.
  virtual uint64_t PollEvents(size_t limit, std::vector<FlowEvent>* events) = 0;
};

}  // namespace mosd::dataplane
