#include "dataplane/frame/last_frame.h"

#include <algorithm>

#include "dataplane/frame/frame_copy.h"
#include "dataplane/frame/last_frame_inline.h"

namespace mosd::dataplane {
namespace {

// A reader that is overtaken this often in a row is told so. One attempt fails
// only if it takes longer than FramePool::kQuarantine publications.
constexpr int kReadAttempts = 64;

}  // namespace

void FrameWriter::Clear(FrameSlot* slot) { Swap(slot, 0); }

void FrameWriter::Stage(const Staged& staged) {
  if (staged_count_ == kBatch) Publish();
  staged_[staged_count_++] = staged;
}

void FrameWriter::PutNothing(FrameSlot* slot) {
  not_kept_.Add(1);
  Show(slot, 0);
}

void FrameWriter::Publish() {
  if (staged_count_ == 0) return;
  StoreFence();  // the new stamps before the new bytes
  for (size_t i = 0; i < staged_count_; ++i) {
    const Staged& staged = staged_[i];
    if (staged.late_bytes == 0) continue;
    CopyPastCaches(HeaderAt(*pool_, SlotUnit(staged.word)) + 1, staged.data,
                   staged.late_bytes);
  }
  StoreFence();  // the new bytes before their names
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
    const uint32_t length_port =
        header->length_port.load(std::memory_order_acquire);
    record->captured_length = static_cast<uint16_t>(length_port);
    record->port = static_cast<uint8_t>(length_port >> 16);
    record->capture_time_ns = static_cast<int64_t>(
        header->capture_time_ns.load(std::memory_order_acquire));
    record->stream_offset =
        header->stream_offset.load(std::memory_order_acquire);
    const uint64_t length_generation =
        header->wire_length_generation.load(std::memory_order_acquire);
    record->wire_length = static_cast<uint32_t>(length_generation);
    record->generation = static_cast<uint32_t>(length_generation >> 32);
    CopyFromShared(buffer.data(), header + 1,
                   std::min<size_t>(record->captured_length, buffer.size()));
    if (header->stamp.load(std::memory_order_relaxed) == before) return true;
  }
  *contended = true;
  return false;
}

}  // namespace mosd::dataplane
