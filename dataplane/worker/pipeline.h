// What a worker does with a burst of frames: parse, find the flow, track, keep
// the last frame, tell the program, count. One stage after the other over the
// whole burst, so that the cache misses of its flows overlap.
//
// Owned by a worker. Takes over the frames it is given and frees them.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/flow/flow_hash.h"
#include "dataplane/flow/flow_sink.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/packet/parser.h"
#include "dataplane/worker/flow_tracker.h"
#include "dataplane/worker/handoff.h"
#include "dataplane/worker/worker_counts.h"

struct rte_mbuf;

namespace mosd::dataplane {

struct PipelineOptions {
  uint32_t worker = 0;
  bool midstream_pickup = true;
  bool time_wait = false;
  bool last_frame = true;
  uint32_t snaplen_bytes = 9216;
};

class Pipeline {
 public:
  static constexpr uint32_t kBurst = 64;  // frames

  // What is pointed to outlives the pipeline. `handoff` is null when there is
  // one worker.
  Pipeline(const PipelineOptions& options, const FlowHash* hash,
           FlowTable* table, FrameWriter* frames, Handoff* handoff);

  // A program that is told of frames and flows from now on; it outlives the
  // pipeline. Before the first frame.
  void SetSink(FlowSink* sink) { sink_ = sink; }

  // Frames from a port, at most kBurst, each with its FrameStamp.
  void Receive(rte_mbuf** frames, uint32_t count);

  // Frames that another worker received.
  void TakeOver(rte_mbuf** frames, uint32_t count);

  // Counts frames that come too late, and frees them. `handed_in`: by another
  // worker.
  void Discard(rte_mbuf** frames, uint32_t count, bool handed_in);

  // Lets flows time out. `now_ns` is the host's clock, or, where the clock is
  // that of captures, 0: time is then that of the newest frame.
  void PassTime(int64_t now_ns);

  const FrameCounts& counts() const { return counts_; }

  // Latest of all times seen and told, ns since 1970; 0 before the first.
  int64_t now_ns() const { return now_ns_; }

 private:
  // A frame between two stages.
  struct Job {
    FrameView view;  // as a sink sees it
    uint64_t hash;
    FlowRecord* flow;  // what its flow most likely is; may be null
    ParsedFrame parsed;
  };

  // Parses and hashes frames into jobs_, and returns how many there are. What
  // is no TCP is dropped, unless the sink wants to see it, and what is another
  // worker's is handed over.
  uint32_t Prepare(rte_mbuf** frames, uint32_t count, bool may_hand_over);
  DropReason Parse(rte_mbuf* frame, Job* job);
  // What is not a plain frame in one piece.
  DropReason ParseOther(rte_mbuf* frame, Job* job);
  void HandOver();
  void Process(uint32_t jobs);
  DropReason Track(const Job& job, uint32_t interest);
  void Deliver(const FrameView& view, const TrackedFrame& tracked,
               uint32_t interest);
  uint32_t Interest() const { return sink_ == nullptr ? 0 : sink_->interest(); }
  void Keep(const TrackedFrame& tracked, const FrameView& view);

  const PipelineOptions options_;
  const FlowHash* const hash_;
  FlowTable* const table_;
  FrameWriter* const frames_;
  Handoff* const handoff_;
  FlowSink* sink_ = nullptr;
  FlowTracker tracker_;
  FrameCounts counts_;
  int64_t now_ns_ = 0;
  Job jobs_[kBurst];

  // Frames to be handed over, by owner.
  struct Outgoing {
    rte_mbuf* frames[kBurst];
    uint32_t count = 0;
  };
  std::unique_ptr<Outgoing[]> outgoing_;
  // A frame of several segments, in one piece.
  std::unique_ptr<uint8_t[]> whole_;
};

}  // namespace mosd::dataplane
