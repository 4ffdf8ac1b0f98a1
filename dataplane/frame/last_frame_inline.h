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
  std::atomic<uint32_t> generation;
  std::atomic<uint64_t> stream_offset;
  std::atomic<uint64_t> facts[2];  // FrameFacts
};
static_assert(sizeof(FrameHeader) == kFrameHeaderBytes);
static_assert(sizeof(FrameHeader::facts) == sizeof(FrameFacts));

inline FrameHeader* HeaderAt(const FramePool& pool, uint32_t unit) {
  return reinterpret_cast<FrameHeader*>(pool.At(unit));
}

inline uint32_t FrameWriter::Stamp(FrameHeader* header) {
  const uint32_t stamp = header->stamp.load(std::memory_order_relaxed) + 1;
  header->stamp.store(stamp, std::memory_order_relaxed);
  return stamp;
}

[[gnu::always_inline]] inline void FrameWriter::WriteHeader(
    FrameHeader* header, const FrameFacts& facts, const FrameInFlow& in_flow) {
  header->generation.store(in_flow.generation, std::memory_order_release);
  header->stream_offset.store(in_flow.stream_offset, std::memory_order_release);
  CopyToShared(header->facts, &facts, sizeof(facts));
}

// Into a buffer that nobody has; what its slot then says.
[[gnu::always_inline]] inline uint64_t FrameWriter::Fill(
    FrameBuffer buffer, const uint8_t* data, const FrameFacts& facts,
    const FrameInFlow& in_flow) {
  const uint32_t bytes = facts.captured_length;
  FrameHeader* const header = Held(HeaderAt(*pool_, buffer.unit));
  const uint32_t stamp = Stamp(header);
  // Stores through the caches stay in order on x86-64, but not to a compiler.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  WriteHeader(header, facts, in_flow);
  CopyToShared(header + 1, data, bytes);
  return SlotWord(buffer, stamp);
}

template <typename InFlow, typename Least>
[[gnu::always_inline]] inline void FrameWriter::PutSmall(
    FrameSlot* slot, const uint8_t* data, const FrameFacts& facts,
    InFlow in_flow, Least least_bytes) {
  FrameBuffer buffer = SlotBuffer(slot->word_.load(std::memory_order_relaxed));
  if (buffer && staged_count_ == 0 &&
      pool_->Exchange(&buffer, facts.captured_length)) [[likely]] {
    slot->word_.store(Fill(buffer, data, facts, in_flow()),
                      std::memory_order_release);
    return;
  }
  PutOther(slot, data, facts, in_flow(), least_bytes());
}

}  // namespace mosd::dataplane
