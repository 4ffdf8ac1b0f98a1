// How a frame lies in memory, and what FrameWriter does for each one, in line.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/base/held.h"
#include "dataplane/frame/frame_copy.h"
#include "dataplane/frame/last_frame.h"

namespace mosd::dataplane {

inline constexpr int kStampBits = 26;
inline constexpr int kClassBits = 6;
inline constexpr uint32_t kStampMask = (1u << kStampBits) - 1;
inline constexpr uint32_t kClassMask = (1u << kClassBits) - 1;
static_assert(kFrameClasses <= kClassMask + 1);

// Never that of an empty slot, for no buffer begins at unit 0.
inline uint64_t SlotWord(FrameBuffer buffer, uint32_t stamp) {
  return (uint64_t{buffer.unit} << (kClassBits + kStampBits)) |
         (uint32_t{buffer.frame_class} << kStampBits) | (stamp & kStampMask);
}

inline uint32_t SlotUnit(uint64_t word) {
  return static_cast<uint32_t>(word >> (kClassBits + kStampBits));
}

inline FrameBuffer SlotBuffer(uint64_t word) {
  return {SlotUnit(word),
          static_cast<uint8_t>((word >> kStampBits) & kClassMask)};
}

// The head of a buffer. The stamp is stored before, and read before and after,
// everything else.
struct FrameHeader {
  std::atomic<uint32_t> stamp;
  std::atomic<uint32_t> length_port;  // captured:16 | port:8
  std::atomic<uint64_t> capture_time_ns;
  std::atomic<uint64_t> stream_offset;
  std::atomic<uint64_t> wire_length_generation;  // 32 | 32
};
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes);

inline FrameHeader* HeaderAt(const FramePool& pool, uint32_t unit) {
  return reinterpret_cast<FrameHeader*>(pool.At(unit));
}

inline uint32_t FrameWriter::Stamp(FrameHeader* header) {
  const uint32_t stamp = header->stamp.load(std::memory_order_relaxed) + 1;
  header->stamp.store(stamp, std::memory_order_relaxed);
  return stamp;
}

[[gnu::always_inline]] inline void FrameWriter::WriteHeader(
    FrameHeader* header, const FrameRecord& record, uint32_t bytes) {
  header->length_port.store(bytes | uint32_t{record.port} << 16,
                            std::memory_order_release);
  header->capture_time_ns.store(static_cast<uint64_t>(record.capture_time_ns),
                                std::memory_order_release);
  header->stream_offset.store(record.stream_offset, std::memory_order_release);
  header->wire_length_generation.store(
      record.wire_length | uint64_t{record.generation} << 32,
      std::memory_order_release);
}

// Into a buffer that nobody has; what its slot then says.
[[gnu::always_inline]] inline uint64_t FrameWriter::Fill(
    FrameBuffer buffer, const uint8_t* data, const FrameRecord& record,
    uint32_t bytes) {
  FrameHeader* const header = Held(HeaderAt(*pool_, buffer.unit));
  const uint32_t stamp = Stamp(header);
  WriteHeader(header, record, bytes);
  // Stores through the caches stay in order on x86-64, but not to a compiler.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  CopyToShared(header + 1, data, bytes);
  return SlotWord(buffer, stamp);
}

template <typename Describe>
[[gnu::always_inline]] inline void FrameWriter::PutSmall(FrameSlot* slot,
                                                         const uint8_t* data,
                                                         uint32_t bytes,
                                                         uint32_t least_bytes,
                                                         Describe describe) {
  const FrameBuffer old =
      SlotBuffer(slot->word_.load(std::memory_order_relaxed));
  if (old && old.frame_class == FrameClassOf(bytes) && staged_count_ == 0)
      [[likely]] {
    const uint32_t unit = pool_->Exchange(old);
    if (unit != 0) [[likely]] {
      const uint64_t word =
          Fill({unit, old.frame_class}, data, describe(), bytes);
      slot->word_.store(word, std::memory_order_release);
      return;
    }
  }
  PutOther(slot, data, describe(), least_bytes);
}

}  // namespace mosd::dataplane
