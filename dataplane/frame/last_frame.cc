#include "dataplane/frame/last_frame.h"

#include <algorithm>

#include "dataplane/frame/frame_copy.h"

namespace mosd::dataplane {
namespace {

constexpr int kStampBits = 26;
constexpr int kClassBits = 6;
constexpr uint64_t kStampMask = (uint64_t{1} << kStampBits) - 1;
constexpr uint64_t kClassMask = (uint64_t{1} << kClassBits) - 1;
static_assert(kFrameClasses <= kClassMask + 1);

// A reader that is overtaken this often in a row is told so. One attempt fails
// only if it takes longer than FramePool::kQuarantine publications.
constexpr int kReadAttempts = 64;

uint64_t SlotWord(FrameBuffer buffer, uint64_t stamp) {
  return (uint64_t{buffer.unit} << (kClassBits + kStampBits)) |
         (uint64_t{buffer.frame_class} << kStampBits) | stamp;
}

uint32_t SlotUnit(uint64_t word) {
  return static_cast<uint32_t>(word >> (kClassBits + kStampBits));
}

FrameBuffer SlotBuffer(uint64_t word) {
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

FrameHeader* HeaderAt(const FramePool& pool, uint32_t unit) {
  return reinterpret_cast<FrameHeader*>(pool.At(unit));
}

uint64_t StampOf(uint64_t header_word) { return header_word & kStampMask; }

}  // namespace

void FrameWriter::Swap(FrameSlot* slot, uint64_t word) {
  const uint64_t old = slot->word_.load(std::memory_order_relaxed);
  slot->word_.store(word, std::memory_order_release);
  if (old != 0) pool_->Release(SlotBuffer(old));
}

void FrameWriter::Clear(FrameSlot* slot) { Swap(slot, 0); }

void FrameWriter::Stage(FrameSlot* slot, const uint8_t* data,
                        const FrameRecord& record, uint32_t least_bytes) {
  if (staged_count_ == kBatch) Publish();
  FrameBuffer buffer;
  Staged& staged = staged_[staged_count_++];
  staged.slot = slot;
  staged.record = record;
  if (!pool_->Acquire(record.captured_length, least_bytes, &buffer)) {
    staged.word = 0;
    not_kept_.Add(1);
    return;
  }
  const uint32_t room = FrameClassCapacity(buffer.frame_class);
  if (record.captured_length > room) {
    staged.record.captured_length = static_cast<uint16_t>(room);
    shortened_.Add(1);
  }
  FrameHeader* header = HeaderAt(*pool_, buffer.unit);
  const uint64_t old_stamp =
      StampOf(header->stamp_length_port.load(std::memory_order_relaxed));
  // Never 0, so that a word with it is never that of an empty slot.
  const uint64_t stamp = old_stamp == kStampMask ? 1 : old_stamp + 1;
  staged.header = stamp | uint64_t{staged.record.captured_length} << 32 |
                  uint64_t{record.port} << 48;
  // From here on a reader that still copies this buffer knows.
  header->stamp_length_port.store(staged.header, std::memory_order_relaxed);
  staged.word = SlotWord(buffer, stamp);
  staged.data = data;
}

void FrameWriter::Publish() {
  if (staged_count_ == 0) return;
  StoreFence();  // the new stamps before the new bytes
  for (size_t i = 0; i < staged_count_; ++i) {
    const Staged& staged = staged_[i];
    if (staged.word == 0) continue;
    std::byte* buffer = pool_->At(SlotUnit(staged.word));
    auto* header = reinterpret_cast<FrameHeader*>(buffer);
    const FrameRecord& record = staged.record;
    header->capture_time_ns.store(static_cast<uint64_t>(record.capture_time_ns),
                                  std::memory_order_release);
    header->stream_offset.store(record.stream_offset,
                                std::memory_order_release);
    header->wire_length.store(record.wire_length, std::memory_order_release);
    CopyToShared(buffer + kFrameHeaderBytes, staged.data,
                 record.captured_length);
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
