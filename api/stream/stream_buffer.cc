#include "api/stream/stream_buffer.h"

#include <cstring>

#include "api/copy_bytes.h"

namespace mosd::api {
namespace {

// How many bytes there differ.
uint64_t Differing(const uint8_t* a, const uint8_t* b, size_t length) {
  if (std::memcmp(a, b, length) == 0) return 0;
  uint64_t count = 0;
  for (size_t i = 0; i < length; ++i) count += a[i] != b[i] ? 1u : 0u;
  return count;
}

// Puts bytes into a block from `begin` on.
void Store(const BlockPool& pool, uint32_t block, uint32_t begin,
           std::span<const uint8_t> bytes, OverlapPolicy policy,
           InsertCounts* counts) {
  HeldBytes held = pool.Held(block);
  uint8_t* const data = pool.Data(block);
  const uint32_t end = begin + static_cast<uint32_t>(bytes.size());
  const auto source = [&](uint32_t at) { return bytes.data() + (at - begin); };
  for (uint32_t at = begin; at < end;) {
    const uint32_t hole = std::min(held.EndOfRun(at), end);
    if (hole != at) [[unlikely]] {
      counts->overlapping += hole - at;
      counts->differing += Differing(data + at, source(at), hole - at);
      if (policy == OverlapPolicy::kLast) {
        CopyBytes(data + at, source(at), hole - at);
      }
    }
    at = std::min(held.NextHeld(hole), end);
    CopyBytes(data + hole, source(hole), at - hole);
    counts->stored += at - hole;
  }
  held.Add(begin, end);
}

uint64_t SaturatingAdd(uint64_t a, uint64_t b) {
  return a + std::min(b, UINT64_MAX - a);
}

}  // namespace

// The block for a piece of a segment; kNoBlock: no memory.
uint32_t StreamBuffer::BlockFor(BlockPool* pool, uint64_t number, bool in_order,
                                InsertCounts* counts) {
  const uint32_t found = Find(*pool, number);
  if (found != kNoBlock) return found;
  if (!in_order && pool->Scarce()) return kNoBlock;
  while (true) {
    const uint32_t block = window_.FindOrAcquire(pool, NumberOf(base_), number);
    if (block != kNoBlock || !in_order) return block;
    const uint64_t end = NumberOf(next_);
    const uint64_t oldest =
        window_.Next(*pool, NumberOf(base_), NumberOf(base_), end);
    if (oldest == end) return kNoBlock;
    const uint64_t base = (oldest + 1) * kBlockBytes;
    counts->pushed_out += base - base_;
    DropBelow(pool, base);
  }
}

// In order, and nothing is held ahead: what most segments are. Returns how many
// bytes were so simple to append.
uint64_t StreamBuffer::Append(BlockPool* pool, std::span<const uint8_t> bytes,
                              OpenLine* open) {
  uint64_t at = next_;
  size_t left = bytes.size();
  const uint8_t* source = bytes.data();
  const bool past_caches =
      open != nullptr && left >= dataplane::kNonTemporalBytes;
  while (left != 0) {
    const uint32_t in_block = at % kBlockBytes;
    const uint32_t block =
        window_.FindOrAcquire(pool, NumberOf(base_), NumberOf(at));
    if (block == kNoBlock || !pool->Held(block).EndsAt(in_block)) break;
    const size_t length = std::min<size_t>(left, kBlockBytes - in_block);
    uint8_t* const to = pool->Data(block) + in_block;
    if (past_caches) {
      open->Write(to, source, length, open_known_ != 0);
    } else {
      CopyBytes(to, source, length);
    }
    open_known_ = past_caches;
    pool->Held(block).Extend(in_block + static_cast<uint32_t>(length));
    at += length;
    source += length;
    left -= length;
  }
  next_ = highest_ = at;
  return bytes.size() - left;
}

InsertCounts StreamBuffer::Insert(BlockPool* pool, uint64_t offset,
                                  std::span<const uint8_t> bytes,
                                  OverlapPolicy policy, uint64_t ahead_bytes,
                                  OpenLine* open) {
  InsertCounts counts;
  if (offset == next_ && highest_ == next_ && bytes.size() <= ahead_bytes &&
      bytes.size() <= UINT64_MAX - offset) [[likely]] {
    const uint64_t appended = Append(pool, bytes, open);
    counts.stored = counts.in_order = appended;
    if (appended == bytes.size()) [[likely]]
      return counts;
    offset += appended;
    bytes = bytes.subspan(appended);
    ahead_bytes -= appended;
  }
  open_known_ = 0;
  if (bytes.size() > UINT64_MAX - offset) {
    counts.dropped = bytes.size();
    return counts;
  }
  uint64_t end = offset + bytes.size();
  counts.late = std::min(end, std::max(offset, base_)) - offset;
  const uint64_t begin = offset + counts.late;
  const uint64_t limit =
      SaturatingAdd(next_, std::min(ahead_bytes, kMaxAheadBytes));
  if (end > limit) {
    counts.dropped = end - std::max(begin, limit);
    end -= counts.dropped;
  }
  for (uint64_t at = begin; at < end;) {
    const uint32_t in_block = at % kBlockBytes;
    const uint64_t length =
        std::min<uint64_t>(end - at, kBlockBytes - in_block);
    const bool in_order = at <= next_ && at + length > next_;
    const uint32_t block = BlockFor(pool, NumberOf(at), in_order, &counts);
    if (block == kNoBlock) [[unlikely]] {
      counts.dropped += length;
    } else {
      Store(*pool, block, in_block, bytes.subspan(at - offset, length), policy,
            &counts);
      highest_ = std::max(highest_, at + length);
      if (in_order) counts.in_order += Advance(*pool, at + length);
    }
    at += length;
  }
  return counts;
}

// All below `offset` is settled, and so is what is held from there on.
// Returns by how much.
uint64_t StreamBuffer::Advance(const BlockPool& pool, uint64_t offset) {
  const uint64_t before = next_;
  next_ = offset;
  if (highest_ > offset) {
    next_ = EndOfRun(pool, offset, highest_);
  } else {
    highest_ = offset;
  }
  return next_ - before;
}

uint64_t StreamBuffer::AcknowledgedUpTo(BlockPool* pool, uint64_t offset) {
  if (offset <= next_) return 0;
  open_known_ = 0;
  uint64_t missing = 0;
  for (uint64_t at = next_; at < offset;) {
    const uint64_t held = NextHeld(*pool, at, offset);
    missing += held - at;
    at = EndOfRun(*pool, held, offset);
  }
  Advance(*pool, offset);
  if (next_ - base_ > kMaxKeptBytes) DropBelow(pool, next_ - kMaxKeptBytes);
  return missing;
}

void StreamBuffer::DropBelow(BlockPool* pool, uint64_t offset) {
  window_.ReleaseBelow(pool, NumberOf(base_), NumberOf(offset));
  base_ = offset;
  if (base_ == highest_) {
    window_.Clear(pool);
  } else {
    window_.Narrow(pool, NumberOf(base_), NumberOf(highest_ - 1));
  }
}

void StreamBuffer::Clear(BlockPool* pool) {
  window_.Clear(pool);
  Start(0);
}

uint64_t StreamBuffer::NextHeld(const BlockPool& pool, uint64_t from,
                                uint64_t end) const {
  if (from >= end) return end;
  const uint64_t first = NumberOf(base_);
  const uint64_t last = NumberOf(end - 1);
  uint32_t at = from % kBlockBytes;
  for (uint64_t number = NumberOf(from); number <= last; ++number) {
    const uint64_t next = window_.Next(pool, first, number, last + 1);
    if (next > last) break;
    if (next != number) at = 0;
    number = next;
    const uint32_t held =
        pool.Held(window_.Find(pool, first, number)).NextHeld(at);
    if (held != kBlockBytes) return std::min(number * kBlockBytes + held, end);
    at = 0;
  }
  return end;
}

uint64_t StreamBuffer::EndOfRun(const BlockPool& pool, uint64_t from,
                                uint64_t end) const {
  while (from < end) {
    const uint32_t block = Find(pool, NumberOf(from));
    if (block == kNoBlock) return from;
    const uint32_t at = from % kBlockBytes;
    const uint32_t hole = pool.Held(block).EndOfRun(at);
    from += hole - at;
    if (hole != kBlockBytes) break;
  }
  return std::min(from, end);
}

size_t StreamBuffer::Read(const BlockPool& pool, uint64_t offset,
                          std::span<uint8_t> destination) const {
  if (offset < base_ || offset >= highest_) return 0;
  const size_t wanted =
      std::min<uint64_t>(destination.size(), highest_ - offset);
  size_t copied = 0;
  while (copied < wanted) {
    const uint32_t block = Find(pool, NumberOf(offset + copied));
    if (block == kNoBlock) break;
    const uint32_t at = (offset + copied) % kBlockBytes;
    const uint32_t hole = pool.Held(block).EndOfRun(at);
    const size_t length = std::min<size_t>(hole - at, wanted - copied);
    CopyBytes(destination.data() + copied, pool.Data(block) + at, length);
    copied += length;
    if (hole != kBlockBytes) break;
  }
  return copied;
}

PeekCounts StreamBuffer::Peek(const BlockPool& pool, uint64_t* position,
                              std::span<uint8_t> destination) const {
  PeekCounts counts;
  if (*position >= next_) return counts;
  const uint64_t held = NextHeld(pool, std::max(*position, base_), next_);
  counts.lost = held - *position;
  if (counts.lost == 0) {
    const size_t length =
        std::min<uint64_t>(destination.size(), next_ - *position);
    counts.copied = Read(pool, *position, destination.first(length));
  }
  *position += counts.lost + counts.copied;
  return counts;
}

size_t StreamBuffer::Ranges(const BlockPool& pool, uint64_t offset,
                            std::span<HeldRange> ranges) const {
  size_t count = 0;
  uint64_t at = std::max(offset, base_);
  for (; count < ranges.size(); ++count) {
    const uint64_t begin = NextHeld(pool, at, highest_);
    if (begin >= highest_) break;
    at = EndOfRun(pool, begin, highest_);
    ranges[count] = {begin, at - begin};
  }
  return count;
}

}  // namespace mosd::api
