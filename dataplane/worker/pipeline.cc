#include "dataplane/worker/pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>

#include "dataplane/base/held.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/frame/last_frame_inline.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/tcp/parsed_segment.h"
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

inline void Pipeline::CountReceived(rte_mbuf* const* frames, uint32_t count) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) bytes += frames[i]->pkt_len;
  counts_.received += count;
  counts_.received_bytes += bytes;
}

void Pipeline::Receive(rte_mbuf** frames, uint32_t count) {
  CountReceived(frames, count);
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
    CountReceived(frames, count);
  }
  counts_.Drop(DropReason::kShutdown, count);
  FreeFrames(frames, count);
}

// The headers, whatever the limit.
inline uint32_t Pipeline::KeptBytes(const rte_mbuf* frame,
                                    uint32_t least_bytes) const {
  if (frame->pkt_len <= snaplen_bytes_) [[likely]]
    return frame->pkt_len;
  return std::min(frame->pkt_len, std::max(snaplen_bytes_, least_bytes));
}

[[gnu::always_inline]] inline DropReason Pipeline::Parse(rte_mbuf* frame,
                                                         uint32_t number) {
  const FrameStamp& stamp = *StampOf(frame);
  const FrameBytes bytes(
      {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len});
  const PlainFrame* const plain = PlainFrame::Look(bytes, stamp.wire_length);
  if (plain == nullptr || frame->nb_segs != 1 || stamp.maybe_cut || read_once_)
      [[unlikely]] {
    return ParseOther(frame, number);
  }
  // All is read before anything is stored, which might be what is read.
  const uint32_t payload_length = plain->payload_length();
  const uint32_t least = plain->payload_offset();
  const uint32_t kept = KeptBytes(frame, least);
  uint8_t source_index;
  const FlowKeyHead key = plain->key(&source_index);
  *Held(&jobs_[number]) = {stamp.time_ns,
                           plain,
                           hash_(key),
                           nullptr,
                           key,
                           stamp.wire_length,
                           payload_length,
                           static_cast<uint16_t>(kept),
                           static_cast<uint16_t>(least),
                           source_index,
                           stamp.port,
                           DropReason::kNone,
                           /*viewed=*/false};
  return DropReason::kNone;
}

DropReason Pipeline::ParseOther(rte_mbuf* frame, uint32_t number) {
  const FrameStamp& stamp = *StampOf(frame);
  ParsedFrame& parsed = parsed_[number];
  FrameLength length{frame->pkt_len, stamp.wire_length};
  if (stamp.maybe_cut) length.wire = frame->pkt_len + kUnknownRest;
  uint8_t scratch[kMaxHeaderBytes];
  Job& job = jobs_[number];
  job = {};
  job.time_ns = stamp.time_ns;
  job.wire_length = stamp.wire_length;
  job.port = stamp.port;
  job.reason = ParseFrame(HeadersOf(frame, scratch), length, &parsed);
  if (job.reason == DropReason::kNone) {
    job.hash = hash_(parsed.key);
    job.least_bytes = parsed.payload_offset;
    job.kept_bytes =
        static_cast<uint16_t>(KeptBytes(frame, parsed.payload_offset));
    if (stamp.maybe_cut) {
      job.wire_length =
          std::max(frame->pkt_len, parsed.ip_offset + parsed.ip_length);
    }
  }
  return job.reason;
}

inline const FrameView& Pipeline::MakeView(uint32_t number) {
  const Job& job = jobs_[number];
  return views_[number] = {taken_[number],  job.time_ns, job.wire_length,
                           job.port,        job.reason,  job.plain,
                           &parsed_[number]};
}

const FrameView& Pipeline::View(uint32_t number) {
  if (jobs_[number].viewed) return views_[number];
  jobs_[number].viewed = true;
  return MakeView(number);
}

uint32_t Pipeline::Prepare(rte_mbuf** frames, uint32_t count,
                           bool may_hand_over) {
  // Who is told of frames may change their bytes, and how many they are.
  read_once_ = (Interest() & FlowSink::kFrames) != 0;
  large_from_ = options_.last_frame && !read_once_
                    ? static_cast<uint32_t>(kNonTemporalBytes)
                    : UINT32_MAX;
  for (uint32_t i = 0; i < std::min(kFetchAhead, count); ++i) {
    FetchFrame(frames[i]);
  }
  int64_t now_ns = now_ns_;
  uint32_t jobs = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (i + kFetchAhead < count) FetchFrame(frames[i + kFetchAhead]);
    rte_mbuf* const frame = frames[i];
    taken_[jobs] = frame;
    const DropReason reason = Parse(frame, jobs);
    const Job& job = jobs_[jobs];
    now_ns = std::max(now_ns, job.time_ns);
    if (reason != DropReason::kNone) [[unlikely]] {
      if (read_once_) {
        ++jobs;
      } else {
        counts_.Drop(reason);
        FreeFrame(frame);
      }
      continue;
    }
    if (may_hand_over) {
      const uint32_t owner = handoff_->OwnerOf(job.hash);
      if (owner != options_.worker) {
        Outgoing& outgoing = outgoing_[owner];
        outgoing.frames[outgoing.count++] = frame;
        continue;
      }
    }
    table_->PrefetchBuckets(job.hash);
    ++jobs;
  }
  now_ns_ = now_ns;
  if (may_hand_over) HandOver();
  if (Interest() == 0) {
    FindRecords</*kForSink=*/false>(jobs);
  } else {
    FindRecords</*kForSink=*/true>(jobs);
  }
  return jobs;
}

template <bool kForSink>
void Pipeline::FindRecords(uint32_t jobs) {
  for (uint32_t i = 0; i < jobs; ++i) {
    jobs_[i].flow = table_->PrefetchRecord<kForSink>(jobs_[i].hash);
    if (!HasBuffer(jobs_[i])) [[likely]]
      continue;
    buffers_[i] = frames_->Reserve(jobs_[i].kept_bytes, jobs_[i].least_bytes);
  }
  frames_->OrderStamps();
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

[[gnu::always_inline]] inline bool Pipeline::TrackPlain(
    const Job& job, ExpectedFrame* expected) {
  if (job.plain == nullptr || !job.flow->HasIpv4Head(job.key)) [[unlikely]]
    return false;
  const PlainFrame& plain = *job.plain;
  const TcpSegment segment{plain.seq(),        plain.ack(),
                           job.payload_length, plain.window(),
                           plain.tcp_flags(),  kNoWindowScale};
  return tracker_.TrackExpected(job.flow, job.source_index, segment,
                                job.wire_length, job.time_ns, expected);
}

DropReason Pipeline::TrackOther(uint32_t number, TrackedFrame* tracked) {
  const Job& job = jobs_[number];
  if (job.reason != DropReason::kNone) return job.reason;
  const FrameView& view = View(number);
  const ParsedFrame& parsed = view.parsed();
  ExpectedFrame expected;
  if (table_->HasKey(*job.flow, parsed.key) &&
      tracker_.TrackExpected(job.flow, parsed.source_index, SegmentOf(parsed),
                             view.wire_length, view.time_ns, &expected)) {
    *tracked = expected.Whole();
    return DropReason::kNone;
  }
  const DropReason reason =
      tracker_.Track(job.hash, parsed, view.wire_length, view.time_ns, tracked);
  if (reason != DropReason::kNone) return reason;
  counts_.retransmitted += tracked->retransmission ? 1 : 0;
  return DropReason::kNone;
}

[[gnu::always_inline]] inline FrameRecord Pipeline::RecordOf(
    const Job& job, const ExpectedFrame& expected, uint32_t kept_bytes) {
  return {job.time_ns,
          expected.stream_offset,
          job.wire_length,
          expected.flow->generation.load(std::memory_order_relaxed),
          static_cast<uint16_t>(kept_bytes),
          job.port};
}

[[gnu::always_inline]] inline void Pipeline::KeepPlain(
    uint32_t number, const ExpectedFrame& expected) {
  const Job& job = jobs_[number];
  const auto* const bytes = reinterpret_cast<const uint8_t*>(job.plain);
  if (HasBuffer(job)) {
    frames_->PutInto(buffers_[number], expected.slot(), bytes,
                     RecordOf(job, expected, job.kept_bytes));
  } else {
    frames_->PutSmall(expected.slot(), bytes, job.kept_bytes, job.least_bytes,
                      [&] { return RecordOf(job, expected, job.kept_bytes); });
  }
}

void Pipeline::KeepOther(uint32_t number, const ExpectedFrame& expected) {
  const Job& job = jobs_[number];
  const rte_mbuf* const frame = taken_[number];
  const uint32_t kept = KeptBytes(frame, job.least_bytes);
  const auto* const bytes = static_cast<const uint8_t*>(
      frame->nb_segs == 1 ? rte_pktmbuf_mtod(frame, const void*)
                          : rte_pktmbuf_read(frame, 0, kept, whole_.get()));
  const FrameRecord record = RecordOf(job, expected, kept);
  if (HasBuffer(job)) {
    frames_->PutInto(buffers_[number], expected.slot(), bytes, record);
  } else {
    frames_->Put(expected.slot(), bytes, record, job.least_bytes);
  }
}

// A flow that was picked up in mid-stream is one to the appliance alone, and
// one that is over is the sink's no more: neither has sink_data.
inline void Pipeline::Deliver(const FrameView& view, TrackedFrame* told,
                              uint32_t interest) {
  told->sink_data = &table_->ColdOf(*told->flow)->sink_data;
  const TrackedFrame& tracked = *told;
  if (*tracked.sink_data != 0) [[likely]] {
    sink_->OnSegment(view, tracked);
  } else if (tracked.late || tracked.flow->Status().midstream()) {
    if (interest & FlowSink::kOrphans) sink_->OnOrphan(view);
  } else if ((interest & FlowSink::kFlows) && tracked.started) {
    sink_->OnSegment(view, tracked);
  }
}

uint32_t Pipeline::ProcessUntold(uint32_t jobs) {
  uint32_t dropped = 0;
  for (uint32_t i = 0; i < jobs; ++i) {
    ExpectedFrame expected;
    if (TrackPlain(jobs_[i], &expected)) [[likely]] {
      if (options_.last_frame) KeepPlain(i, expected);
      continue;
    }
    TrackedFrame tracked;
    const DropReason reason = TrackOther(i, &tracked);
    if (reason == DropReason::kNone) {
      if (options_.last_frame) KeepOther(i, ExpectedFrame::Of(tracked));
      tracker_.Conclude(tracked, jobs_[i].time_ns);
    } else {
      Drop(i, reason);
      ++dropped;
    }
  }
  return dropped;
}

// What a sink sees of a flow is what it is with that frame.
uint32_t Pipeline::ProcessTold(uint32_t jobs, uint32_t interest) {
  uint32_t dropped = 0;
  // What is told of most frames, all but three fields of it once and for all.
  TrackedFrame told = ExpectedFrame{}.Whole();
  for (uint32_t i = 0; i < jobs; ++i) {
    // None is plain where all frames are told, so that comes before tracking.
    ExpectedFrame expected;
    if (TrackPlain(jobs_[i], &expected)) [[likely]] {
      if (options_.last_frame) KeepPlain(i, expected);
      told.flow = expected.flow;
      told.sender = static_cast<Side>(expected.sender);
      told.stream_offset = expected.stream_offset;
      Deliver(MakeView(i), &told, interest);
      continue;
    }
    if (interest & FlowSink::kFrames) sink_->OnFrame(View(i));
    TrackedFrame tracked;
    const DropReason reason = TrackOther(i, &tracked);
    if (reason == DropReason::kNone) {
      if (options_.last_frame) KeepOther(i, ExpectedFrame::Of(tracked));
      Deliver(View(i), &tracked, interest);
      tracker_.Conclude(tracked, jobs_[i].time_ns);
      continue;
    }
    // A segment, but of no flow.
    if (jobs_[i].reason == DropReason::kNone &&
        (interest & FlowSink::kOrphans)) {
      sink_->OnOrphan(View(i));
    }
    Drop(i, reason);
    ++dropped;
  }
  return dropped;
}

void Pipeline::Drop(uint32_t number, DropReason reason) {
  counts_.Drop(reason);
  if (HasBuffer(jobs_[number])) frames_->Forgo(buffers_[number]);
}

void Pipeline::Process(uint32_t jobs) {
  const uint32_t interest = Interest();
  // What has timed out by now comes before what happens now.
  if (jobs != 0) table_->Advance(jobs_[0].time_ns);
  counts_.accounted += jobs - (interest == 0 ? ProcessUntold(jobs)
                                             : ProcessTold(jobs, interest));
  frames_->Publish();
  if (interest != 0) sink_->OnBurstEnd();
  table_->EndBurst(now_ns_);
  FreeFrames(taken_, jobs);
}

void Pipeline::PassTime(int64_t now_ns) {
  now_ns_ = std::max(now_ns_, now_ns);
  table_->Advance(now_ns_);
  table_->EndBurst(now_ns_);
}

}  // namespace mosd::dataplane
