// How a frame lies in memory, and FrameWriter::Stage in line.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/frame/frame_copy.h"
#include "dataplane/frame/last_frame.h"

namespace mosd::dataplane {

inline constexpr int kStampBits = 26;
inline constexpr int kClassBits = 6;
inline constexpr uint64_t kStampMask = (uint64_t{1} << kStampBits) - 1;
inline constexpr uint64_t kClassMask = (uint64_t{1} << kClassBits) - 1;
static_assert(kFrameClasses <= kClassMask + 1);

inline uint64_t SlotWord(FrameBuffer buffer, uint64_t stamp) {
  return (uint64_t{buffer.unit} << (kClassBits + kStampBits)) |
         (uint64_t{buffer.frame_class} << kStampBits) | stamp;
}

inline uint32_t SlotUnit(uint64_t word) {
  return static_cast<uint32_t>(word >> (kClassBits + kStampBits));
}

inline FrameBuffer SlotBuffer(uint64_t word) {
  return {SlotUnit(word),
          static_cast<uint8_t>((word >> kStampBits) & kClassMask)};
}

// The head of a buffer: four words, the first of which carries the stamp in its
// low half and is stored before, and read before and after, everything else.
struct FrameHeader {
  std::atomic<uint64_t> stamp_length_port;  // stamp:32 | captured:16 | port:8
  std::atomic<uint64_t> capture_time_ns;
  std::atomic<uint64_t> stream_offset;
  std::atomic<uint64_t> wire_length;
};
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes);

inline FrameHeader* HeaderAt(const FramePool& pool, uint32_t unit) {
  return reinterpret_cast<FrameHeader*>(pool.At(unit));
}

inline uint64_t StampOf(uint64_t header_word) {
  return header_word & kStampMask;
}

[[gnu::always_inline]] inline void FrameWriter::Swap(FrameSlot* slot,
                                                     uint64_t word) {
  const uint64_t old = slot->word_.load(std::memory_order_relaxed);
  slot->word_.store(word, std::memory_order_release);
  if (old != 0) pool_->Release(SlotBuffer(old));
}

[[gnu::always_inline]] inline void FrameWriter::Stage(FrameSlot* slot,
                                                      const uint8_t* data,
                                                      const FrameRecord& record,
                                                      uint32_t least_bytes) {
  if (staged_count_ == kBatch) Publish();
  FrameBuffer buffer;
  Staged& staged = staged_[staged_count_++];
  staged.slot = slot;
  uint32_t bytes = record.captured_length;
  if (!pool_->Acquire(bytes, least_bytes, &buffer)) {
    staged.word = 0;
    staged.late_bytes = 0;
    not_kept_.Add(1);
    return;
  }
  if (buffer.frame_class < FrameClassOf(bytes)) [[unlikely]] {
    bytes = FrameClassCapacity(buffer.frame_class);
    shortened_.Add(1);
  }
  FrameHeader* const header = HeaderAt(*pool_, buffer.unit);
  const uint64_t old_stamp =
      StampOf(header->stamp_length_port.load(std::memory_order_relaxed));
  // Never 0, so that a word with it is never that of an empty slot.
  const uint64_t stamp = old_stamp == kStampMask ? 1 : old_stamp + 1;
  // From here on a reader that still copies this buffer knows.
  header->stamp_length_port.store(
      stamp | uint64_t{bytes} << 32 | uint64_t{record.port} << 48,
      std::memory_order_relaxed);
  header->capture_time_ns.store(static_cast<uint64_t>(record.capture_time_ns),
                                std::memory_order_release);
  header->stream_offset.store(record.stream_offset, std::memory_order_release);
  header->wire_length.store(record.wire_length, std::memory_order_release);
  staged.word = SlotWord(buffer, stamp);
  if (PassesTheCaches(bytes)) {
    staged.data = data;
    staged.late_bytes = bytes;
    late_ = true;
    return;
  }
  staged.late_bytes = 0;
  // Stores through the caches stay in order on x86-64, but not to a compiler.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  CopyToShared(header + 1, data, bytes);
}

}  // namespace mosd::dataplane
