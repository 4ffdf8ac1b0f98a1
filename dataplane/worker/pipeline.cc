#include "dataplane/worker/pipeline.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <algorithm>

#include "dataplane/port/frame_stamp.h"

namespace mosd::dataplane {
namespace {

// How far ahead of the parser the frames are fetched.
constexpr uint32_t kFetchAhead = 4;

// A frame that was cut by the device has no known length; this one leaves room
// for any IP packet.
constexpr uint32_t kUnknownRest = 65536;

void FetchFrame(rte_mbuf* frame) {
  rte_prefetch0(rte_pktmbuf_mtod(frame, void*));
}

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
  rte_pktmbuf_free_bulk(frames, count);
}

DropReason Pipeline::Parse(rte_mbuf* frame, Job* job) {
  const FrameStamp& stamp = *StampOf(frame);
  now_ns_ = std::max(now_ns_, stamp.time_ns);
  FrameLength length{frame->pkt_len, stamp.wire_length};
  if (stamp.maybe_cut) length.wire = frame->pkt_len + kUnknownRest;
  uint8_t scratch[kMaxHeaderBytes];
  job->frame = frame;
  job->wire_length = stamp.wire_length;
  job->reason = ParseFrame(HeadersOf(frame, scratch), length, &job->parsed);
  if (job->reason != DropReason::kNone) return job->reason;
  if (stamp.maybe_cut) {
    job->wire_length =
        std::max(frame->pkt_len, job->parsed.ip_offset + job->parsed.ip_length);
  }
  job->hash = (*hash_)(job->parsed.key);
  return DropReason::kNone;
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
        rte_pktmbuf_free(frames[i]);
      }
      continue;
    }
    if (may_hand_over) {
      const uint32_t owner = handoff_->OwnerOf(job->hash);
      if (owner != options_.worker) {
        Outgoing& outgoing = outgoing_[owner];
        outgoing.frames[outgoing.count++] = job->frame;
        continue;
      }
    }
    table_->PrefetchBuckets(job->hash);
    ++jobs;
  }
  if (may_hand_over) HandOver();
  for (uint32_t i = 0; i < jobs; ++i) {
    if (jobs_[i].reason == DropReason::kNone) {
      table_->PrefetchRecord(jobs_[i].hash);
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
    rte_pktmbuf_free_bulk(outgoing.frames + sent, lost);
    outgoing.count = 0;
  }
}

void Pipeline::Process(uint32_t jobs) {
  const uint32_t interest = Interest();
  // What has timed out by now comes before what happens now.
  if (jobs != 0) table_->Advance(StampOf(jobs_[0].frame)->time_ns);
  rte_mbuf* done[kBurst];
  for (uint32_t i = 0; i < jobs; ++i) {
    const Job& job = jobs_[i];
    done[i] = job.frame;
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
  rte_pktmbuf_free_bulk(done, jobs);
}

DropReason Pipeline::Track(const Job& job, uint32_t interest) {
  if (interest & FlowSink::kFrames) sink_->OnFrame(ViewOf(job));
  if (job.reason != DropReason::kNone) return job.reason;
  const int64_t time_ns = StampOf(job.frame)->time_ns;
  TrackedFrame tracked;
  const DropReason reason =
      tracker_.Track(job.hash, job.parsed, job.wire_length, time_ns, &tracked);
  if (reason != DropReason::kNone) [[unlikely]] {
    if (interest & FlowSink::kOrphans) sink_->OnOrphan(ViewOf(job));
    return reason;
  }
  counts_.retransmitted += tracked.retransmission ? 1 : 0;
  if (options_.last_frame) Keep(tracked, job);
  if (interest != 0) Deliver(job, tracked, interest);
  tracker_.Conclude(tracked, time_ns);
  return DropReason::kNone;
}

// A flow that was picked up in mid-stream is one to the appliance alone.
void Pipeline::Deliver(const Job& job, const TrackedFrame& tracked,
                       uint32_t interest) {
  if (tracked.late || tracked.flow->Status().midstream()) {
    if (interest & FlowSink::kOrphans) sink_->OnOrphan(ViewOf(job));
  } else if ((interest & FlowSink::kFlows) &&
             (tracked.flow->sink_data != 0 || tracked.started)) {
    sink_->OnSegment(ViewOf(job), tracked);
  }
}

FrameView Pipeline::ViewOf(const Job& job) {
  const FrameStamp& stamp = *StampOf(job.frame);
  return {job.frame,  stamp.time_ns, job.wire_length,
          stamp.port, job.reason,    &job.parsed};
}

void Pipeline::Keep(const TrackedFrame& tracked, const Job& job) {
  const FrameStamp& stamp = *StampOf(job.frame);
  const uint32_t least = job.parsed.payload_offset;
  const uint32_t kept = std::min({job.frame->pkt_len, kMaxFrameBytes,
                                  std::max(options_.snaplen_bytes, least)});
  const FrameRecord record{stamp.time_ns, tracked.stream_offset,
                           job.wire_length, static_cast<uint16_t>(kept),
                           stamp.port};
  FrameSlot* const slot = &tracked.flow->side[Index(tracked.sender)].last_frame;
  if (job.frame->nb_segs == 1) [[likely]] {
    frames_->Stage(slot, rte_pktmbuf_mtod(job.frame, const uint8_t*), record,
                   least);
    return;
  }
  const void* bytes = rte_pktmbuf_read(job.frame, 0, kept, whole_.get());
  frames_->Stage(slot, static_cast<const uint8_t*>(bytes), record, least);
  frames_->Publish();  // the next such frame needs whole_
}

void Pipeline::PassTime(int64_t now_ns) {
  now_ns_ = std::max(now_ns_, now_ns);
  table_->Advance(now_ns_);
  table_->EndBurst(now_ns_);
}

}  // namespace mosd::dataplane
