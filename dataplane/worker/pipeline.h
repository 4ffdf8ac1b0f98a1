// What a worker does with a burst of frames: parse, find the flow, track, keep
// the last frame, tell the program, count. One stage after the other over the
// whole burst, so that the cache misses of its flows overlap.
//
// Owned by a worker. Takes over the frames it is given and frees them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "dataplane/flow/flow_hash.h"
#include "dataplane/flow/flow_sink.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/plain_frame.h"
#include "dataplane/worker/flow_tracker.h"
#include "dataplane/worker/handoff.h"
#include "dataplane/worker/worker_counts.h"

struct rte_mbuf;
struct rte_mempool;

namespace mosd::dataplane {

struct FrameStamp;

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

  // What one takes of memory, of so many workers.
  static size_t BytesFor(uint32_t workers);

  // What is pointed to outlives the pipeline. `handoff` is null when there is
  // one worker.
  Pipeline(const PipelineOptions& options, const FlowHash& hash,
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
  // A frame between two stages, in one cache line.
  struct alignas(64) Job {
    FrameFacts facts;
    const PlainFrame* plain;  // null: it is another one, see parsed_
    FlowRecord* flow;  // what its flow most likely is, if the key is the same
    uint64_t hash;     // of a TCP segment, else 0
    FlowKeyHead key;   // of a plain frame, as all behind but the last
    uint32_t payload_length;
    uint8_t source_index;
    DropReason reason;  // kNone: a TCP segment
  };
  static_assert(sizeof(Job) == 64);

  // The first look at a burst: its newest time, and its bytes. What is looked
  // at next is fetched.
  uint64_t Meet(rte_mbuf* const* frames, uint32_t count);
  // Parses and hashes frames into jobs_, and returns how many there are. What
  // is no TCP is dropped, unless the sink wants to see it, and what is another
  // worker's is handed over.
  template <bool kMayHandOver>
  uint32_t Prepare(rte_mbuf** frames, uint32_t count);
  // What the flows of the jobs most likely are; buffers of large frames.
  template <bool kForSink, bool kSomeLarge>
  void FindRecords(uint32_t jobs);
  inline DropReason Parse(rte_mbuf* frame, const FrameStamp& stamp, Job* job);
  // What is not a plain frame in one piece.
  DropReason ParseOther(rte_mbuf* frame, Job* job);
  void HandOver();
  uint32_t NumberOf(const Job& job) const {
    return static_cast<uint32_t>(&job - jobs_);
  }

  // Tracks the jobs and keeps their frames. The two return how many jobs were
  // dropped: where nobody is told of them, and where a sink is.
  void Process(uint32_t jobs);
  uint32_t ProcessUntold(uint32_t jobs);
  uint32_t ProcessTold(uint32_t jobs, uint32_t interest);

  // An expected segment in a plain frame. False: another, and nothing was done.
  inline bool TrackPlain(const Job& job, ExpectedFrame* expected);
  DropReason TrackOther(uint32_t number, TrackedFrame* tracked);

  // Large frames have their buffers before any of the burst is tracked.
  bool HasBuffer(uint32_t number) const { return large_ >> number & 1; }
  // Makes the frame of a tracked job the last one of its side, if such are
  // kept.
  inline void KeepPlain(const Job& job, const ExpectedFrame& expected);
  void KeepOther(uint32_t number, const ExpectedFrame& expected);
  void Free(uint32_t jobs);
  // A job that is of no flow.
  void Drop(uint32_t number, DropReason reason);
  // Of a frame: its headers, whatever the limit.
  uint32_t KeptBytes(uint32_t frame_bytes, uint32_t header_bytes) const {
    return std::min(frame_bytes, std::max(snaplen_bytes_, header_bytes));
  }
  // Of the job of this number, a segment.
  uint32_t HeaderBytes(uint32_t number) const {
    const PlainFrame* const plain = jobs_[number].plain;
    return plain != nullptr ? plain->payload_offset()
                            : parsed_[number].payload_offset;
  }

  uint32_t Interest() const { return sink_ == nullptr ? 0 : sink_->interest(); }
  // A job as a sink sees it; made once, or when there is none yet.
  const FrameView& View(uint32_t number);
  // Fills in the flow's sink_data.
  void Deliver(const FrameView& view, TrackedFrame* told, uint32_t interest);

  const PipelineOptions options_;
  const uint32_t snaplen_bytes_;
  const FlowHash hash_;
  FlowTable* const table_;
  FrameWriter* const frames_;
  Handoff* const handoff_;
  FlowSink* sink_ = nullptr;
  FlowTracker tracker_;
  FrameCounts counts_;
  int64_t now_ns_ = 0;

  // Of this burst.
  bool read_once_ = false;       // no frame is taken for a plain one
  bool is_whole_ = false;        // no frame was cut, or is in parts
  rte_mempool* pool_ = nullptr;  // of its frames, if they are simple
  // By bytes of a frame: from so many on it has a buffer reserved.
  uint32_t large_from_ = UINT32_MAX;
  // Up to so many it is kept whole, and has none; 0: each is looked at twice.
  uint32_t small_most_ = 0;
  // Up to so many, of those that are kept, it has none; 0: none is kept.
  uint32_t kept_small_ = 0;
  // Of the jobs, by bits: those with reserved buffers, and with FrameViews.
  static_assert(kBurst <= 64);
  uint64_t large_ = 0;
  uint64_t viewed_ = 0;
  Job jobs_[kBurst];
  FlowIndex::Buckets buckets_[kBurst];  // where flows of the jobs may be
  rte_mbuf* taken_[kBurst];             // frames of the jobs
  FrameBuffer buffers_[kBurst];         // where HasBuffer()

  // Where a program is told of a frame, or that goes another way than most.
  FrameView views_[kBurst];
  ParsedFrame parsed_[kBurst];

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
