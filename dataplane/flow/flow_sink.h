// A program on the workers' own threads, as the dataplane sees it: somebody who
// is told of frames and flows while they are processed. The C API is one. A
// sink that is not interested costs a branch a frame.
//
// It may change a frame's bytes and how many of them there are in its buffers.
// It takes no reference to it, and adds no buffer: the worker frees it.
//
// One sink a worker. All functions are called by that worker's thread, between
// BeginTurn and EndWorker; Attach before the thread exists.
#pragma once

#include <cstdint>

#include "dataplane/flow/flow_record.h"
#include "dataplane/flow/flow_snapshot.h"
#include "dataplane/flow/frame_view.h"
#include "dataplane/flow/side.h"
#include "dataplane/tcp/tcp_state.h"

namespace mosd::dataplane {

class FlowTable;
class FramePool;
class FrameWriter;

// What a sink may use of its worker, on the worker's thread.
struct WorkerAccess {
  uint32_t worker = 0;
  FlowTable* flows = nullptr;
  FramePool* frame_pool = nullptr;
  FrameWriter* frame_writer = nullptr;
};

// A frame that was accounted to a flow.
struct TrackedFrame {
  FlowRecord* flow;    // valid until FlowTable::EndBurst()
  uint32_t sink_data;  // the flow's; a sink sets it by FlowTable::ColdOf()
  Side sender;
  bool retransmission;
  bool repetition;  // of what was seen or acknowledged before
  bool in_window;   // false: its numbers do not fit; no effect on states
  bool renumbered;  // the sender's stream begins anew, with other numbers
  bool started;     // it began the flow, as far as a sink is told; if the
                    // server sent it, it answers a SYN that went to the flow's
                    // predecessor
  bool late;        // it came after the flow's end
  EndReason end;    // kNone, or why the flow is over with it
  TcpState state_before[kSides];
  uint64_t stream_offset;  // of its first payload byte
};

class FlowSink {
 public:
  enum Interest : uint32_t {
    kFlows = 1,    // OnSegment, OnFlowEnd
    kOrphans = 2,  // OnOrphan
    kFrames = 4,   // OnFrame
  };

  virtual ~FlowSink() = default;

  // Read for each burst. Changed by the sink, on the worker's thread.
  uint32_t interest() const { return interest_; }

  virtual void Attach(const WorkerAccess& access) = 0;

  // Before each turn. `now_ns` is the worker's clock, 0 before the first frame
  // of a capture. False: the worker shall take no frames yet.
  virtual bool BeginTurn(int64_t now_ns) = 0;

  // Every frame that the worker meets, before anything is made of it. Frames
  // that are no TCP are told to the worker that received them, all others to
  // the one that owns the flow.
  virtual void OnFrame(const FrameView& frame) = 0;

  // A segment of a flow whose `sink_data` is not 0, or that it starts.
  virtual void OnSegment(const FrameView& frame,
                         const TrackedFrame& tracked) = 0;

  // A segment that belongs to no live flow whose handshake was seen.
  virtual void OnOrphan(const FrameView& frame) = 0;

  // A flow is about to end whose `sink_data`, this, is not 0; it will be.
  virtual void OnFlowEnd(uint32_t sink_data, EndReason reason) = 0;

  // All frames of a burst were told, and their last frames can be read.
  virtual void OnBurstEnd() = 0;

  // The worker ends; its flows have ended.
  virtual void EndWorker() = 0;

 protected:
  uint32_t interest_ = 0;
};

}  // namespace mosd::dataplane
