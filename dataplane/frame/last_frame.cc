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

void FrameWriter::Publish() {
  if (late_) {
    StoreFence();  // the new stamps before the new bytes
    for (size_t i = 0; i < staged_count_; ++i) {
      const Staged& staged = staged_[i];
      if (staged.late_bytes == 0) continue;
      CopyToShared(HeaderAt(*pool_, SlotUnit(staged.word)) + 1, staged.data,
                   staged.late_bytes);
    }
    StoreFence();  // the new bytes before their names
    late_ = false;
  }
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
    const uint64_t before =
        header->stamp_length_port.load(std::memory_order_acquire);
    if (StampOf(before) != (word & kStampMask)) continue;
    record->captured_length = static_cast<uint16_t>(before >> 32);
    record->port = static_cast<uint8_t>(before >> 48);
    record->capture_time_ns = static_cast<int64_t>(
        header->capture_time_ns.load(std::memory_order_acquire));
    record->stream_offset =
        header->stream_offset.load(std::memory_order_acquire);
    record->wire_length = static_cast<uint32_t>(
        header->wire_length.load(std::memory_order_acquire));
    CopyFromShared(buffer.data(), header + 1,
                   std::min<size_t>(record->captured_length, buffer.size()));
    if (header->stamp_length_port.load(std::memory_order_relaxed) == before) {
      return true;
    }
  }
  *contended = true;
  return false;
}

}  // namespace mosd::dataplane
