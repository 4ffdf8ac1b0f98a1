// What one side of a TCP connection received, put in order: a sparse array of
// bytes over 64-bit stream offsets, of which 0 is the first byte after the SYN.
// A plain object in the record of a flow, empty when all zero; its memory comes
// from the pool that is passed to each call, always the same one. Whoever drops
// the object without Clear() leaks blocks. Thread-compatible; any offset and
// any length is safe.
//
//        base          next_expected        highest
//         |  held, gaps      |  held ahead, holes |
//
// Below next_expected the stream is settled: what is missing there is a gap,
// acknowledged by the receiver and never seen, or dropped for want of memory.
//
// A receive batch goes like this. Nothing is given up before the callbacks had
// their chance to read it, however much a single segment has made readable:
//
//   for each segment: Insert(...), AcknowledgedUpTo(...) of the other side
//   callbacks: Peek(...), Read(...)
//   Trim(pool, buffer_bytes)
//
// A buffer's size is the owner's, who gives it to Trim: resizing is trimming to
// the new size. Switching off is Clear(); on again, Start() where the stream
// then is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "api/stream/block_pool.h"
#include "api/stream/block_window.h"
#include "api/stream/open_line.h"

namespace mosd::api {

// Which bytes count when a segment brings others than are held. kLast replaces
// whatever is still held, read before or not, as mOS does: peek gives a byte
// once, as it was then, ppeek the newest. Values are those of
// MOS_OVERLAP_POLICY_*.
enum class OverlapPolicy : uint8_t { kFirst = 0, kLast = 1 };

// In bytes. A segment's length is stored + overlapping + late + dropped.
struct InsertCounts {
  uint64_t stored = 0;       // new ones
  uint64_t overlapping = 0;  // held before
  uint64_t differing = 0;    // of these, with another value
  uint64_t late = 0;         // below base: no longer of interest
  uint64_t dropped = 0;      // too far ahead, or no memory
  uint64_t in_order = 0;     // how far next_expected moved
  uint64_t pushed_out = 0;   // how far base moved, for want of memory
};

// Either `lost` bytes from the position on were trimmed or are a gap, or
// `copied` ones are in the destination. Both zero: nothing new.
struct PeekCounts {
  uint64_t lost = 0;
  uint64_t copied = 0;
};

// Consecutive bytes that are held.
struct HeldRange {
  uint64_t offset;
  uint64_t length;
};

class StreamBuffer {
 public:
  // How far ahead of next_expected bytes are kept for a buffer of this size:
  // beyond what a sender with a common window has in flight.
  static constexpr uint64_t AheadBytes(uint64_t buffer_bytes) {
    constexpr uint64_t kLeast = uint64_t{1} << 20;
    return std::clamp(buffer_bytes, kLeast / 4, kMaxAheadBytes / 4) * 4;
  }
  static constexpr uint64_t kMaxAheadBytes = uint64_t{1} << 30;
  // Kept below next_expected at most, trimmed or not.
  static constexpr uint64_t kMaxKeptBytes = uint64_t{1} << 30;

  // Of an empty buffer: the stream is of interest from `offset` on.
  void Start(uint64_t offset) {
    base_ = next_ = highest_ = offset;
    open_known_ = 0;
  }

  // A segment's payload. Bytes are kept up to next_expected + `ahead_bytes`. A
  // gap is filled if its bytes come late after all. Bytes in order push out the
  // buffer's own oldest ones when the pool is empty; bytes ahead of a hole are
  // dropped even when the pool is Scarce(). `open`: null where bytes in order
  // are about to be read; else always the same object, with which larger ones
  // pass the caches.
  InsertCounts Insert(BlockPool* pool, uint64_t offset,
                      std::span<const uint8_t> bytes, OverlapPolicy policy,
                      uint64_t ahead_bytes, OpenLine* open = nullptr);

  // The receiver acknowledged everything below `offset`. Returns how many bytes
  // of it were never seen and thereby are a gap: told once. next_expected moves
  // past them, and past what is held behind.
  uint64_t AcknowledgedUpTo(BlockPool* pool, uint64_t offset);

  // Gives up all but the last `buffer_bytes` below next_expected. Bytes ahead
  // stay.
  void Trim(BlockPool* pool, uint64_t buffer_bytes) {
    if (next_ - base_ <= buffer_bytes) return;
    const uint64_t base = next_ - buffer_bytes;
    if (NumberOf(base) == NumberOf(base_) && base != highest_) {
      base_ = base;  // of the same block
    } else {
      DropBelow(pool, base);
    }
  }

  // Releases all memory; the object is all zero again.
  void Clear(BlockPool* pool);

  // Whether one of the bytes [from, end) is held, in order or ahead.
  bool HoldsAny(const BlockPool& pool, uint64_t from, uint64_t end) const {
    const uint64_t last = std::min(end, highest_);
    return from < last && NextHeld(pool, std::max(from, base_), last) < last;
  }

  // What next_expected would be if bytes [from, end) came now.
  uint64_t NextExpectedAfter(const BlockPool& pool, uint64_t from,
                             uint64_t end) const {
    if (from > next_ || end <= next_) return next_;
    return highest_ > end ? EndOfRun(pool, end, highest_) : end;
  }

  // Copies the bytes held from `offset` on, in order or ahead, up to the next
  // that is not; 0: this one is not.
  size_t Read(const BlockPool& pool, uint64_t offset,
              std::span<uint8_t> destination) const;

  // What a reader gets at its own position, which it moves on by the sum of
  // both counts.
  PeekCounts Peek(const BlockPool& pool, uint64_t* position,
                  std::span<uint8_t> destination) const;

  // The ranges held from `offset` on, in order. Returns how many were written.
  size_t Ranges(const BlockPool& pool, uint64_t offset,
                std::span<HeldRange> ranges) const;

  uint64_t base() const { return base_; }           // the oldest byte kept
  uint64_t next_expected() const { return next_; }  // the next byte in order
  uint64_t highest() const { return highest_; }     // after the last byte known
  bool empty() const { return base_ == highest_; }

 private:
  static uint64_t NumberOf(uint64_t offset) { return offset / kBlockBytes; }

  uint32_t Find(const BlockPool& pool, uint64_t number) const {
    return window_.Find(pool, NumberOf(base_), number);
  }
  uint32_t BlockFor(BlockPool* pool, uint64_t number, bool in_order,
                    InsertCounts* counts);
  uint64_t Append(BlockPool* pool, std::span<const uint8_t> bytes,
                  OpenLine* open);
  uint64_t Advance(const BlockPool& pool, uint64_t offset);
  // The first byte in [from, end) that is, or is not, held; `end`: none.
  uint64_t NextHeld(const BlockPool& pool, uint64_t from, uint64_t end) const;
  uint64_t EndOfRun(const BlockPool& pool, uint64_t from, uint64_t end) const;
  void DropBelow(BlockPool* pool, uint64_t offset);

  uint64_t base_;
  uint64_t next_;
  uint64_t highest_;
  BlockWindow window_;
  uint32_t open_known_;  // the open line has the bytes before next_
};
static_assert(sizeof(StreamBuffer) <= 64);

}  // namespace mosd::api
