// The first half of a burst's way: what its frames are, whose, and what is
// needed of memory, before any of it is tracked.
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "dataplane/base/prefetch.h"
#include "dataplane/frame/frame_copy.h"
#include "dataplane/packet/parser.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"
#include "dataplane/worker/pipeline.h"

namespace mosd::dataplane {
namespace {

// A frame that was cut by the device has no known length; this one leaves room
// for any IP packet.
constexpr uint32_t kUnknownRest = 65536;

// The first bytes of a frame in one piece; `scratch` has kMaxHeaderBytes.
std::span<const uint8_t> HeadersOf(const rte_mbuf* frame, uint8_t* scratch) {
  if (frame->nb_segs == 1) [[likely]] {
    return {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len};
  }
  const uint32_t length = std::min(frame->pkt_len, kMaxHeaderBytes);
  const void* bytes = rte_pktmbuf_read(frame, 0, length, scratch);
  return {static_cast<const uint8_t*>(bytes), length};
}

// Of a frame that was not cut, all but the bytes that are kept: at one look.
void SetFacts(const FrameStamp& stamp, FrameFacts* facts) {
  static_assert(
      sizeof(FrameFacts) == sizeof(FrameStamp) &&
      offsetof(FrameFacts, capture_time_ns) == offsetof(FrameStamp, time_ns) &&
      offsetof(FrameFacts, wire_length) == offsetof(FrameStamp, wire_length) &&
      offsetof(FrameFacts, port) == offsetof(FrameStamp, port) &&
      offsetof(FrameFacts, zero) == offsetof(FrameStamp, maybe_cut));
  std::memcpy(facts, &stamp, sizeof(*facts));
}

}  // namespace

uint64_t Pipeline::Meet(rte_mbuf* const* frames, uint32_t count) {
  if (count == 0) return 0;
  SimpleFrames simple(frames[0]->pool);
  bool cut = false;
  uint64_t bytes = 0;
  int64_t now_ns = now_ns_;
  for (rte_mbuf* const frame : std::span(frames, count)) {
    Prefetch(rte_pktmbuf_mtod(frame, void*));
    const FrameStamp& stamp = *StampOf(frame);
    simple.Add(*frame);
    cut |= stamp.maybe_cut;
    bytes += frame->pkt_len;
    now_ns = std::max(now_ns, stamp.time_ns);
  }
  pool_ = simple.pool();
  is_whole_ = simple.whole() && !cut;
  now_ns_ = now_ns;
  return bytes;
}

[[gnu::always_inline]] inline DropReason Pipeline::Parse(
    rte_mbuf* frame, const FrameStamp& stamp, Job* job) {
  const FrameBytes bytes(
      {rte_pktmbuf_mtod(frame, const uint8_t*), frame->data_len});
  const PlainFrame* const plain = PlainFrame::Look(bytes, stamp.wire_length);
  if (plain == nullptr) [[unlikely]]
    return ParseOther(frame, job);
  uint32_t kept = frame->pkt_len;
  if (kept > small_most_) [[unlikely]] {
    if (read_once_ || frame->nb_segs != 1 || stamp.maybe_cut) {
      return ParseOther(frame, job);
    }
    kept = KeptBytes(kept, plain->payload_offset());
    large_ |= uint64_t{kept >= large_from_} << NumberOf(*job);
  }
  // All is read before anything is stored, which might be what is read.
  const uint32_t payload_length = plain->payload_length();
  uint8_t source_index;
  const FlowKeyHead key = plain->key(&source_index);
  SetFacts(stamp, &job->facts);
  job->facts.captured_length = static_cast<uint16_t>(kept);
  job->plain = plain;
  job->hash = hash_(key);
  job->key = key;
  job->payload_length = payload_length;
  job->source_index = source_index;
  job->reason = DropReason::kNone;
  return DropReason::kNone;
}

DropReason Pipeline::ParseOther(rte_mbuf* frame, Job* into) {
  Job& job = *into;
  const FrameStamp& stamp = *StampOf(frame);
  ParsedFrame& parsed = parsed_[NumberOf(job)];
  FrameLength length{frame->pkt_len, stamp.wire_length};
  if (stamp.maybe_cut) length.wire = frame->pkt_len + kUnknownRest;
  uint8_t scratch[kMaxHeaderBytes];
  job = {};
  job.facts = {stamp.time_ns, stamp.wire_length, stamp.port, 0, 0};
  job.reason = ParseFrame(HeadersOf(frame, scratch), length, &parsed);
  if (job.reason == DropReason::kNone) {
    job.hash = hash_(parsed.key);
    const uint32_t kept = KeptBytes(frame->pkt_len, parsed.payload_offset);
    job.facts.captured_length = static_cast<uint16_t>(kept);
    large_ |= uint64_t{kept >= large_from_} << NumberOf(job);
    if (stamp.maybe_cut) {
      job.facts.wire_length =
          std::max(frame->pkt_len, parsed.ip_offset + parsed.ip_length);
    }
  }
  return job.reason;
}

template <bool kMayHandOver>
uint32_t Pipeline::Prepare(rte_mbuf** frames, uint32_t count) {
  // Who is told of frames may change their bytes, and how many they are.
  read_once_ = (Interest() & FlowSink::kFrames) != 0;
  large_from_ = options_.last_frame && !read_once_
                    ? static_cast<uint32_t>(kNonTemporalBytes)
                    : UINT32_MAX;
  const uint32_t small = std::min(snaplen_bytes_, large_from_ - 1);
  small_most_ = read_once_ || !is_whole_ ? 0 : small;
  kept_small_ = options_.last_frame ? small : 0;
  large_ = 0;
  viewed_ = 0;
  const int stamp_offset = frame_stamp_offset;  // not read again and again
  Job* job = jobs_;
  FlowIndex::Buckets* buckets = buckets_;
  rte_mbuf** taken = taken_;
  const auto jobs = [&] { return static_cast<uint32_t>(taken - taken_); };
  for (rte_mbuf* const frame : std::span(frames, count)) {
    *taken = frame;
    const FrameStamp& stamp =
        *RTE_MBUF_DYNFIELD(frame, stamp_offset, const FrameStamp*);
    if (const DropReason reason = Parse(frame, stamp, job);
        reason != DropReason::kNone) [[unlikely]] {
      if (!read_once_) {
        counts_.Drop(reason);
        FreeFrame(frame);
        continue;
      }
    } else if (kMayHandOver) {
      const uint32_t owner = handoff_->OwnerOf(job->hash);
      if (owner != options_.worker) {
        Outgoing& outgoing = outgoing_[owner];
        outgoing.frames[outgoing.count++] = frame;
        large_ &= ~(uint64_t{1} << NumberOf(*job));  // it leaves its place
        continue;
      }
    }
    *buckets = table_->PrefetchBuckets(job->hash);
    ++job;
    ++buckets;
    ++taken;
  }
  if (kMayHandOver) HandOver();
  const bool told = Interest() != 0;
  if (large_ == 0) {
    told ? FindRecords<true, false>(jobs()) : FindRecords<false, false>(jobs());
  } else {
    told ? FindRecords<true, true>(jobs()) : FindRecords<false, true>(jobs());
  }
  frames_->OrderStamps();
  return jobs();
}

template <bool kForSink, bool kSomeLarge>
void Pipeline::FindRecords(uint32_t jobs) {
  for (uint32_t i = 0; i < jobs; ++i) {
    jobs_[i].flow =
        table_->PrefetchRecord<kForSink>(buckets_[i], jobs_[i].hash);
    // In turn with those fetches, so that their misses overlap.
    if (kSomeLarge && HasBuffer(i)) {
      buffers_[i] =
          frames_->Reserve(jobs_[i].facts.captured_length, HeaderBytes(i));
    }
  }
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

template uint32_t Pipeline::Prepare<false>(rte_mbuf** frames, uint32_t count);
template uint32_t Pipeline::Prepare<true>(rte_mbuf** frames, uint32_t count);

}  // namespace mosd::dataplane
