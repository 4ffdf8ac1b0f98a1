#include "dataplane/worker/pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <span>

#include "dataplane/base/prefetch.h"
#include "dataplane/frame/last_frame_inline.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/tcp/parsed_segment.h"
#include "dataplane/worker/flow_tracker_inline.h"

namespace mosd::dataplane {
namespace {

FrameInFlow InFlow(const ExpectedFrame& expected) {
  return {expected.stream_offset,
          expected.flow->generation.load(std::memory_order_relaxed)};
}

}  // namespace

size_t Pipeline::BytesFor(uint32_t workers) {
  return sizeof(Pipeline) + kMaxFrameBytes +
         (workers > 1 ? workers * sizeof(Outgoing) : 0);
}

Pipeline::Pipeline(const PipelineOptions& options, const FlowHash& hash,
                   FlowTable* table, FrameWriter* frames, Handoff* handoff)
    : options_(options),
      snaplen_bytes_(std::min(options.snaplen_bytes, kMaxFrameBytes)),
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
  counts_.received_bytes += Meet(frames, count);
  Process(handoff_ != nullptr ? Prepare</*kMayHandOver=*/true>(frames, count)
                              : Prepare</*kMayHandOver=*/false>(frames, count));
}

void Pipeline::TakeOver(rte_mbuf** frames, uint32_t count) {
  counts_.handed_in += count;
  // What the other worker wrote is in its cache.
  for (uint32_t i = 0; i < count; ++i) {
    Prefetch(frames[i]);
    Prefetch(StampOf(frames[i]));
  }
  Meet(frames, count);
  Process(Prepare</*kMayHandOver=*/false>(frames, count));
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

const FrameView& Pipeline::View(uint32_t number) {
  const uint64_t bit = uint64_t{1} << number;
  FrameView& view = views_[number];
  if (viewed_ & bit) return view;
  viewed_ |= bit;
  const Job& job = jobs_[number];
  // Field by field: what is put together elsewhere, and copied right away, is
  // waited for.
  static_cast<FrameFacts&>(view) = job.facts;
  view.frame = taken_[number];
  view.plain = job.plain;
  view.headers = &parsed_[number];
  view.reason = job.reason;
  return view;
}

[[gnu::always_inline]] inline bool Pipeline::TrackPlain(
    const Job& job, ExpectedFrame* expected) {
  if (job.plain == nullptr || !job.flow->HasHead(job.key)) [[unlikely]]
    return false;
  const PlainFrame& plain = *job.plain;
  const TcpSegment segment{plain.seq(),        plain.ack(),
                           job.payload_length, plain.window(),
                           plain.tcp_flags(),  kNoWindowScale};
  return tracker_.TrackExpected(job.flow, IpVersion::kIpv4, job.source_index,
                                segment, job.facts.wire_length,
                                job.facts.capture_time_ns, expected);
}

DropReason Pipeline::TrackOther(uint32_t number, TrackedFrame* tracked) {
  const Job& job = jobs_[number];
  if (job.reason != DropReason::kNone) return job.reason;
  const FrameView& view = View(number);
  const ParsedFrame& parsed = view.parsed();
  ExpectedFrame expected;
  if (table_->HasKey(*job.flow, parsed.key) &&
      tracker_.TrackExpected(job.flow, parsed.key.version, parsed.source_index,
                             SegmentOf(parsed), view.wire_length,
                             view.capture_time_ns, &expected)) {
    *tracked = expected.Whole();
    return DropReason::kNone;
  }
  const DropReason reason = tracker_.Track(job.hash, parsed, view.wire_length,
                                           view.capture_time_ns, tracked);
  if (reason != DropReason::kNone) return reason;
  counts_.retransmitted += tracked->retransmission ? 1 : 0;
  return DropReason::kNone;
}

[[gnu::always_inline]] inline void Pipeline::KeepPlain(
    const Job& job, const ExpectedFrame& expected) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(job.plain);
  if (job.facts.captured_length <= kept_small_) [[likely]] {
    frames_->PutSmall(
        expected.slot, bytes, job.facts, [&] { return InFlow(expected); },
        [&] { return job.plain->payload_offset(); });
  } else if (const uint32_t number = NumberOf(job); HasBuffer(number)) {
    frames_->PutInto(buffers_[number], expected.slot, bytes, job.facts,
                     InFlow(expected));
  } else if (options_.last_frame) {
    frames_->Put(expected.slot, bytes, job.facts, InFlow(expected),
                 job.plain->payload_offset());
  }
}

void Pipeline::KeepOther(uint32_t number, const ExpectedFrame& expected) {
  if (!options_.last_frame) return;
  const rte_mbuf* const frame = taken_[number];
  const uint32_t header_bytes = HeaderBytes(number);
  // A program may have changed how many there are.
  const uint32_t kept = KeptBytes(frame->pkt_len, header_bytes);
  const auto* const bytes = static_cast<const uint8_t*>(
      frame->nb_segs == 1 ? rte_pktmbuf_mtod(frame, const void*)
                          : rte_pktmbuf_read(frame, 0, kept, whole_.get()));
  FrameFacts& facts = jobs_[number].facts;
  if (facts.captured_length != kept) [[unlikely]] {
    facts.captured_length = static_cast<uint16_t>(kept);
  }
  const FrameInFlow in_flow = InFlow(expected);
  if (HasBuffer(number)) {
    frames_->PutInto(buffers_[number], expected.slot, bytes, facts, in_flow);
  } else {
    frames_->Put(expected.slot, bytes, facts, in_flow, header_bytes);
  }
}

// A flow that was picked up in mid-stream is one to the appliance alone, and
// one that is over is the sink's no more: neither has sink_data.
inline void Pipeline::Deliver(const FrameView& view, TrackedFrame* told,
                              uint32_t interest) {
  told->sink_data = table_->ColdOf(*told->flow)->sink_data;
  const TrackedFrame& tracked = *told;
  if (tracked.sink_data != 0) [[likely]] {
    sink_->OnSegment(view, tracked);
  } else if (tracked.late || tracked.flow->Status().midstream()) {
    if (interest & FlowSink::kOrphans) sink_->OnOrphan(view);
  } else if ((interest & FlowSink::kFlows) && tracked.started) {
    sink_->OnSegment(view, tracked);
  }
}

uint32_t Pipeline::ProcessUntold(uint32_t jobs) {
  uint32_t dropped = 0;
  for (const Job& job : std::span(jobs_, jobs)) {
    ExpectedFrame expected;
    if (TrackPlain(job, &expected)) [[likely]] {
      KeepPlain(job, expected);
      continue;
    }
    const uint32_t number = NumberOf(job);
    TrackedFrame tracked;
    const DropReason reason = TrackOther(number, &tracked);
    if (reason == DropReason::kNone) {
      KeepOther(number, ExpectedFrame::Of(tracked));
      tracker_.Conclude(tracked, job.facts.capture_time_ns);
    } else {
      Drop(number, reason);
      ++dropped;
    }
  }
  return dropped;
}

// What a sink sees of a flow is what it is with that frame.
uint32_t Pipeline::ProcessTold(uint32_t jobs, uint32_t interest) {
  uint32_t dropped = 0;
  // What is told of most frames, most fields of it once and for all.
  TrackedFrame told = ExpectedFrame{}.Whole();
  ParsedFrame headers;
  FrameView told_view{};
  told_view.headers = &headers;
  told_view.reason = DropReason::kNone;
  rte_mbuf* const* frame = taken_;
  for (const Job& job : std::span(jobs_, jobs)) {
    static_cast<FrameFacts&>(told_view) = job.facts;
    told_view.frame = *frame++;
    told_view.plain = job.plain;
    // None is plain where all frames are told, so that comes before tracking.
    ExpectedFrame expected;
    if (TrackPlain(job, &expected)) [[likely]] {
      KeepPlain(job, expected);
      told.flow = expected.flow;
      told.sender = static_cast<Side>(expected.sender);
      told.stream_offset = expected.stream_offset;
      Deliver(told_view, &told, interest);
      continue;
    }
    const uint32_t number = NumberOf(job);
    if (interest & FlowSink::kFrames) sink_->OnFrame(View(number));
    TrackedFrame tracked;
    const DropReason reason = TrackOther(number, &tracked);
    if (reason == DropReason::kNone) {
      KeepOther(number, ExpectedFrame::Of(tracked));
      Deliver(View(number), &tracked, interest);
      tracker_.Conclude(tracked, job.facts.capture_time_ns);
      continue;
    }
    // A segment, but of no flow.
    if (job.reason == DropReason::kNone && (interest & FlowSink::kOrphans)) {
      sink_->OnOrphan(View(number));
    }
    Drop(number, reason);
    ++dropped;
  }
  return dropped;
}

void Pipeline::Drop(uint32_t number, DropReason reason) {
  counts_.Drop(reason);
  if (HasBuffer(number)) frames_->Forgo(buffers_[number]);
}

void Pipeline::Process(uint32_t jobs) {
  const uint32_t interest = Interest();
  // What has timed out by now comes before what happens now.
  if (jobs != 0) table_->Advance(jobs_[0].facts.capture_time_ns);
  counts_.accounted += jobs - (interest == 0 ? ProcessUntold(jobs)
                                             : ProcessTold(jobs, interest));
  if (interest == 0) Free(jobs);  // while large frames are on their way
  frames_->Publish();
  if (interest != 0) sink_->OnBurstEnd();
  table_->EndBurst(now_ns_);
  if (interest != 0) Free(jobs);
}

void Pipeline::Free(uint32_t jobs) {
  if (jobs == 0) return;
  if (pool_ != nullptr) [[likely]] {
    FreeSimpleFrames(pool_, taken_, jobs);
  } else {
    FreeFrames(taken_, jobs);
  }
}

void Pipeline::PassTime(int64_t now_ns) {
  now_ns_ = std::max(now_ns_, now_ns);
  table_->Advance(now_ns_);
  table_->EndBurst(now_ns_);
}

}  // namespace mosd::dataplane
