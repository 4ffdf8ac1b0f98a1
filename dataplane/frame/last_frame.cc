#include "dataplane/frame/last_frame.h"

#include <algorithm>
#include <cstring>

#include "dataplane/frame/frame_copy.h"
#include "dataplane/frame/last_frame_inline.h"

namespace mosd::dataplane {
namespace {

// A reader that is overtaken this often in a row is told so. One attempt fails
// only if it takes longer than FramePool::kQuarantine publications.
constexpr int kReadAttempts = 64;

}  // namespace

[[gnu::always_inline]] inline void FrameWriter::Swap(FrameSlot* slot,
                                                     uint64_t word) {
  const uint64_t old = slot->word_.load(std::memory_order_relaxed);
  slot->word_.store(word, std::memory_order_release);
  if (old != 0) pool_->Release(SlotBuffer(old));
}

void FrameWriter::Clear(FrameSlot* slot) { Swap(slot, 0); }

void FrameWriter::Stage(const Staged& staged) {
  if (staged_count_ == kBatch) Publish();
  staged_[staged_count_++] = staged;
}

// Swap(), in its turn.
void FrameWriter::Show(FrameSlot* slot, uint64_t word) {
  if (staged_count_ == 0) {
    Swap(slot, word);
  } else {
    Stage({slot, word});
  }
}

const FrameFacts& FrameWriter::Fitting(FrameBuffer buffer,
                                       const FrameFacts& facts,
                                       FrameFacts* shortened) {
  const uint32_t capacity = FrameClassCapacity(buffer.frame_class);
  if (facts.captured_length <= capacity) [[likely]]
    return facts;
  shortened_.Add(1);
  *shortened = facts;
  shortened->captured_length = static_cast<uint16_t>(capacity);
  return *shortened;
}

void FrameWriter::PutNothing(FrameSlot* slot) {
  not_kept_.Add(1);
  Show(slot, 0);
}

void FrameWriter::Put(FrameSlot* slot, const uint8_t* data,
                      const FrameFacts& facts, const FrameInFlow& in_flow,
                      uint32_t least_bytes) {
  if (!IsLarge(facts.captured_length)) {
    return PutSmall(
        slot, data, facts, [&] { return in_flow; },
        [&] { return least_bytes; });
  }
  const FrameBuffer buffer = Reserve(facts.captured_length, least_bytes);
  OrderStamps();
  PutInto(buffer, slot, data, facts, in_flow);
}

void FrameWriter::PutOther(FrameSlot* slot, const uint8_t* data,
                           const FrameFacts& facts, const FrameInFlow& in_flow,
                           uint32_t least_bytes) {
  const FrameBuffer buffer = pool_->Acquire(facts.captured_length, least_bytes);
  if (!buffer) return PutNothing(slot);
  FrameFacts shortened;
  Show(slot, Fill(buffer, data, Fitting(buffer, facts, &shortened), in_flow));
}

FrameBuffer FrameWriter::Reserve(uint32_t bytes, uint32_t least_bytes) {
  const FrameBuffer buffer = pool_->Acquire(bytes, least_bytes);
  if (buffer) {
    Stamp(HeaderAt(*pool_, buffer.unit));
    stamps_unordered_ = true;
  }
  return buffer;
}

void FrameWriter::OrderStamps() {
  if (!stamps_unordered_) return;
  StoreFence();
  stamps_unordered_ = false;
}

void FrameWriter::PutInto(FrameBuffer buffer, FrameSlot* slot,
                          const uint8_t* data, const FrameFacts& facts,
                          const FrameInFlow& in_flow) {
  if (!buffer) return PutNothing(slot);
  FrameFacts shortened;
  const FrameFacts& kept = Fitting(buffer, facts, &shortened);
  const uint32_t bytes = kept.captured_length;
  FrameHeader* const header = HeaderAt(*pool_, buffer.unit);
  WriteHeader(header, kept, in_flow);
  if (IsLarge(bytes)) {
    CopyPastCaches(header + 1, data, bytes);
  } else {
    CopyToShared(header + 1, data, bytes);
  }
  Stage(
      {slot, SlotWord(buffer, header->stamp.load(std::memory_order_relaxed))});
}

void FrameWriter::Forgo(FrameBuffer buffer) {
  if (buffer) pool_->Release(buffer);
}

void FrameWriter::Publish() {
  if (staged_count_ == 0) return;
  StoreFence();  // the bytes before their names
  for (size_t i = 0; i < staged_count_; ++i) {
    Swap(staged_[i].slot, staged_[i].word);
  }
  staged_count_ = 0;
}

bool CopyLastFrame(const FramePool& pool, const FrameSlot& slot,
                   std::span<uint8_t> buffer, FrameRecord* record,
                   bool* contended) {
  *contended = false;
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const uint64_t word = slot.word_.load(std::memory_order_acquire);
    if (word == 0) return false;
    const FrameHeader* header = HeaderAt(pool, SlotUnit(word));
    const uint32_t before = header->stamp.load(std::memory_order_acquire);
    if ((before & kStampMask) != (word & kStampMask)) continue;
    record->generation = header->generation.load(std::memory_order_acquire);
    record->stream_offset =
        header->stream_offset.load(std::memory_order_acquire);
    const uint64_t facts[] = {header->facts[0].load(std::memory_order_acquire),
                              header->facts[1].load(std::memory_order_acquire)};
    std::memcpy(static_cast<FrameFacts*>(record), facts, sizeof(facts));
    CopyFromShared(buffer.data(), header + 1,
                   std::min<size_t>(record->captured_length, buffer.size()));
    if (header->stamp.load(std::memory_order_relaxed) == before) return true;
  }
  *contended = true;
  return false;
}

}  // namespace mosd::dataplane
