#include "dataplane/worker/pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>

#include "dataplane/base/prefetch.h"
#include "dataplane/frame/last_frame_inline.h"
#include "dataplane/packet/plain_frame.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/worker/flow_tracker_inline.h"

namespace mosd::dataplane {
namespace {

// How far ahead of the parser the frames are fetched.
constexpr uint32_t kFetchAhead = 4;

// A frame that was cut by the device has no known length; this one leaves room
// for any IP packet.
constexpr uint32_t kUnknownRest = 65536;

void FetchFrame(rte_mbuf* frame) { Prefetch(rte_pktmbuf_mtod(frame, void*)); }

// The first bytes of a frame in one piece; `scratch` has kMaxHeaderBytes.
std::span<const uint8_t> HeadersOf(const rte_mbuf* frame, uint8_t* scratch) {
  if (frame->nb_segs == 1) [[likely]] {
    return {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len};
  }
  const uint32_t length = std::min(frame->pkt_len, kMaxHeaderBytes);
  const void* bytes = rte_pktmbuf_read(frame, 0, length, scratch);
  return {static_cast<const uint8_t*>(bytes), length};
}

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options, const FlowHash* hash,
                   FlowTable* table, FrameWriter* frames, Handoff* handoff)
    : options_(options),
      hash_(hash),
      table_(table),
      frames_(frames),
      handoff_(handoff),
      tracker_(table, options.midstream_pickup, options.time_wait),
      whole_(std::make_unique<uint8_t[]>(kMaxFrameBytes)) {
  if (handoff != nullptr) {
    outgoing_ = std::make_unique<Outgoing[]>(handoff->workers());
  }
}

void Pipeline::Receive(rte_mbuf** frames, uint32_t count) {
  counts_.received += count;
  for (uint32_t i = 0; i < count; ++i) {
    counts_.received_bytes += frames[i]->pkt_len;
  }
  Process(Prepare(frames, count, /*may_hand_over=*/handoff_ != nullptr));
}

void Pipeline::TakeOver(rte_mbuf** frames, uint32_t count) {
  counts_.handed_in += count;
  // What the other worker wrote is in its cache.
  for (uint32_t i = 0; i < count; ++i) {
    Prefetch(frames[i]);
    Prefetch(StampOf(frames[i]));
  }
  Process(Prepare(frames, count, /*may_hand_over=*/false));
}

void Pipeline::Discard(rte_mbuf** frames, uint32_t count, bool handed_in) {
  if (handed_in) {
    counts_.handed_in += count;
  } else {
    counts_.received += count;
    for (uint32_t i = 0; i < count; ++i) {
      counts_.received_bytes += frames[i]->pkt_len;
    }
  }
  counts_.Drop(DropReason::kShutdown, count);
  FreeFrames(frames, count);
}

[[gnu::always_inline]] inline DropReason Pipeline::Parse(rte_mbuf* frame,
                                                         Job* job) {
  const FrameStamp& stamp = *StampOf(frame);
  now_ns_ = std::max(now_ns_, stamp.time_ns);
  job->view = {frame,      stamp.time_ns,     stamp.wire_length,
               stamp.port, DropReason::kNone, &job->parsed};
  const FrameBytes bytes(
      {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len});
  if (frame->nb_segs != 1 || stamp.maybe_cut ||
      !ParsePlainFrame(bytes, std::max(frame->pkt_len, stamp.wire_length),
                       &job->parsed)) [[unlikely]] {
    job->view.reason = ParseOther(frame, job);
    if (job->view.reason != DropReason::kNone) return job->view.reason;
  }
  job->hash = (*hash_)(job->parsed.key);
  return DropReason::kNone;
}

DropReason Pipeline::ParseOther(rte_mbuf* frame, Job* job) {
  const FrameStamp& stamp = *StampOf(frame);
  FrameLength length{frame->pkt_len, stamp.wire_length};
  if (stamp.maybe_cut) length.wire = frame->pkt_len + kUnknownRest;
  uint8_t scratch[kMaxHeaderBytes];
  const DropReason reason =
      ParseFrame(HeadersOf(frame, scratch), length, &job->parsed);
  if (reason == DropReason::kNone && stamp.maybe_cut) {
    job->view.wire_length =
        std::max(frame->pkt_len, job->parsed.ip_offset + job->parsed.ip_length);
  }
  return reason;
}

uint32_t Pipeline::Prepare(rte_mbuf** frames, uint32_t count,
                           bool may_hand_over) {
  for (uint32_t i = 0; i < std::min(kFetchAhead, count); ++i) {
    FetchFrame(frames[i]);
  }
  const bool keep_all = (Interest() & FlowSink::kFrames) != 0;
  uint32_t jobs = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (i + kFetchAhead < count) FetchFrame(frames[i + kFetchAhead]);
    Job* const job = &jobs_[jobs];
    const DropReason reason = Parse(frames[i], job);
    if (reason != DropReason::kNone) {
      if (keep_all) {
        ++jobs;
      } else {
        counts_.Drop(reason);
        FreeFrame(frames[i]);
      }
      continue;
    }
    if (may_hand_over) {
      const uint32_t owner = handoff_->OwnerOf(job->hash);
      if (owner != options_.worker) {
        Outgoing& outgoing = outgoing_[owner];
        outgoing.frames[outgoing.count++] = frames[i];
        continue;
      }
    }
    table_->PrefetchBuckets(job->hash);
    ++jobs;
  }
  if (may_hand_over) HandOver();
  for (uint32_t i = 0; i < jobs; ++i) {
    if (jobs_[i].view.reason == DropReason::kNone) {
      jobs_[i].flow = table_->PrefetchRecord(jobs_[i].hash);
    }
  }
  return jobs;
}

void Pipeline::HandOver() {
  for (uint32_t owner = 0; owner < handoff_->workers(); ++owner) {
    Outgoing& outgoing = outgoing_[owner];
    if (outgoing.count == 0) continue;
    const uint32_t sent =
        handoff_->Send(owner, outgoing.frames, outgoing.count);
    const uint32_t lost = outgoing.count - sent;
    counts_.handed_out += sent;
    counts_.Drop(DropReason::kHandoffFull, lost);
    FreeFrames(outgoing.frames + sent, lost);
    outgoing.count = 0;
  }
}

[[gnu::always_inline]] inline void Pipeline::Keep(const TrackedFrame& tracked,
                                                  const FrameView& view) {
  const uint32_t least = view.parsed->payload_offset;
  const uint32_t kept = std::min({view.frame->pkt_len, kMaxFrameBytes,
                                  std::max(options_.snaplen_bytes, least)});
  const bool whole = view.frame->nb_segs == 1;
  const void* const bytes =
      whole ? rte_pktmbuf_mtod(view.frame, const void*)
            : rte_pktmbuf_read(view.frame, 0, kept, whole_.get());
  frames_->Stage(&tracked.flow->side[Index(tracked.sender)].last_frame,
                 static_cast<const uint8_t*>(bytes),
                 {view.time_ns, tracked.stream_offset, view.wire_length,
                  static_cast<uint16_t>(kept), view.port},
                 least);
  if (!whole) frames_->Publish();  // the next such frame needs whole_
}

// A flow that was picked up in mid-stream is one to the appliance alone, and
// one that is over is the sink's no more: neither has sink_data.
inline void Pipeline::Deliver(const FrameView& view,
                              const TrackedFrame& tracked, uint32_t interest) {
  if (tracked.flow->sink_data != 0) [[likely]] {
    sink_->OnSegment(view, tracked);
  } else if (tracked.late || tracked.flow->Status().midstream()) {
    if (interest & FlowSink::kOrphans) sink_->OnOrphan(view);
  } else if ((interest & FlowSink::kFlows) && tracked.started) {
    sink_->OnSegment(view, tracked);
  }
}

[[gnu::always_inline]] inline DropReason Pipeline::Track(const Job& job,
                                                         uint32_t interest) {
  const FrameView& view = job.view;
  if (interest & FlowSink::kFrames) sink_->OnFrame(view);
  if (view.reason != DropReason::kNone) return view.reason;
  TrackedFrame tracked;
  const DropReason reason = tracker_.Track(
      job.hash, job.flow, job.parsed, view.wire_length, view.time_ns, &tracked);
  if (reason != DropReason::kNone) [[unlikely]] {
    if (interest & FlowSink::kOrphans) sink_->OnOrphan(view);
    return reason;
  }
  counts_.retransmitted += tracked.retransmission ? 1 : 0;
  if (options_.last_frame) Keep(tracked, view);
  if (interest != 0) Deliver(view, tracked, interest);
  tracker_.Conclude(tracked, view.time_ns);
  return DropReason::kNone;
}

void Pipeline::Process(uint32_t jobs) {
  const uint32_t interest = Interest();
  // What has timed out by now comes before what happens now.
  if (jobs != 0) table_->Advance(jobs_[0].view.time_ns);
  rte_mbuf* done[kBurst];
  for (uint32_t i = 0; i < jobs; ++i) {
    const Job& job = jobs_[i];
    done[i] = job.view.frame;
    const DropReason reason = Track(job, interest);
    if (reason == DropReason::kNone) [[likely]] {
      ++counts_.accounted;
    } else {
      counts_.Drop(reason);
    }
  }
  frames_->Publish();
  if (interest != 0) sink_->OnBurstEnd();
  table_->EndBurst(now_ns_);
  FreeFrames(done, jobs);
}

void Pipeline::PassTime(int64_t now_ns) {
  now_ns_ = std::max(now_ns_, now_ns);
  table_->Advance(now_ns_);
  table_->EndBurst(now_ns_);
}

}  // namespace mosd::dataplane
