#include "tests/support/stream_buffer_comparison.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace mosd::testing {
namespace {

using api::HeldRange;
using api::InsertCounts;
using api::kBlockBytes;
using api::StreamBuffer;

std::vector<uint8_t> Bytes(uint64_t offset, size_t length, uint8_t variant) {
  std::vector<uint8_t> bytes(length);
  for (size_t i = 0; i < length; ++i) {
    const uint64_t at = offset + i;
    bytes[i] = static_cast<uint8_t>(at * 131 + at / 251 + at / 65521);
    // A variant differs here and there only.
    if (variant % 4 == 3 && at % 5 < 2) bytes[i] ^= variant;
  }
  return bytes;
}

// All of them, asked for a few at a time.
std::vector<HeldRange> RangesOf(const StreamBuffer& buffer,
                                const api::BlockPool& pool) {
  std::vector<HeldRange> all;
  HeldRange some[8];
  uint64_t from = 0;
  while (const size_t count = buffer.Ranges(pool, from, some)) {
    all.insert(all.end(), some, some + count);
    from = all.back().offset + all.back().length;
  }
  return all;
}

}  // namespace

StreamBufferComparison::StreamBufferComparison(uint64_t blocks)
    : pool_(*api::BlockPool::Create(blocks * kBlockBytes)) {}

std::string StreamBufferComparison::Step(uint8_t operation, uint8_t a,
                                         uint8_t b, uint8_t c) {
  complaint_.clear();
  stream_ = &streams_[operation / 16 % 2];
  StreamBuffer& buffer = stream_->buffer;
  const uint64_t next = buffer.next_expected();
  constexpr uint64_t kAhead[] = {4096, 65536, 1 << 20, uint64_t{1} << 40};
  const uint64_t ahead = kAhead[c / 4 % 4];
  const size_t length = c % 2 == 0 ? b : b * 17u;
  switch (operation % 16) {
    case 0:
    case 1:
      Insert(next, length, c, ahead);
      break;
    case 2:
    case 3:  // a hole before it, or some of it known
      Insert(next + a * 8u - 256, length, c, ahead);
      break;
    case 4:
      Insert(next + a * 1024u, length, c, ahead);
      break;
    case 5:
      Insert(next + (uint64_t{a} << (b % 40)), c, c, ahead);
      break;
    case 6:  // within what is kept
      Insert(buffer.base() + a * 37u, length, c, ahead);
      break;
    case 7:
      Insert(a % 2 == 0 ? UINT64_MAX - b * 3u : uint64_t{a} << 56 | b, c, c,
             ahead);
      break;
    case 8:
      Acknowledge(next + a);
      break;
    case 9:
      if (a % 8 == 0) {
        Acknowledge(next + (uint64_t{b} << (c % 64)));
      } else {
        Acknowledge(a % 8 < 4 ? buffer.highest() : next + a * 64u);
      }
      break;
    case 10:
    case 11:
      buffer.Trim(pool_.get(), a * 64u);
      stream_->reference.Trim(a * 64u);
      break;
    case 12:
      Peek(length);
      break;
    case 13:
      Read(buffer.base() - 8 + a * 64u, length);
      break;
    case 14:
      if (a % 16 == 0) {
        Restart(b % 3 == 0 ? 0 : UINT64_MAX - (uint64_t{b} << (c % 57)));
      }
      stream_->policy = static_cast<api::OverlapPolicy>(a % 2);
      break;
    default:
      Hog(a % 4 == 0 ? b : 0);
      break;
  }
  for (const Stream& stream : streams_) CheckHeld(stream);
  CheckMemory();
  return complaint_;
}

std::string StreamBufferComparison::Finish() {
  Hog(0);
  for (Stream& stream : streams_) stream.buffer.Clear(pool_.get());
  return pool_->in_use() == 0 ? "" : "blocks leak";
}

void StreamBufferComparison::Insert(uint64_t offset, size_t length,
                                    uint8_t variant, uint64_t ahead) {
  StreamBuffer& buffer = stream_->buffer;
  ReferenceStreamBuffer& reference = stream_->reference;
  const std::vector<uint8_t> bytes = Bytes(offset, length, variant);
  ahead = std::min(ahead, StreamBuffer::kMaxAheadBytes);
  const uint64_t next = buffer.next_expected();
  const uint64_t limit = next + std::min(ahead, UINT64_MAX - next);
  // Segments of the tests need no more blocks at once.
  const bool scarce = pool_->Available() <= pool_->capacity() / 8 + 8;
  const InsertCounts counts =
      buffer.Insert(pool_.get(), offset, bytes, stream_->policy, ahead,
                    length % 4 == 0 ? nullptr : &stream_->open);
  if (counts.stored + counts.overlapping + counts.late + counts.dropped !=
      length) {
    Complain("counts do not add up");
  }
  std::set<uint64_t> refused;
  FollowMemory(counts, offset, length, limit, scarce, &refused);
  const InsertCounts expected =
      reference.Insert(offset, bytes, stream_->policy, ahead, refused);
  if (counts.in_order != expected.in_order) Complain("bytes in order");
  if (counts.pushed_out == 0 &&
      (counts.stored != expected.stored || counts.late != expected.late ||
       counts.overlapping != expected.overlapping ||
       counts.differing != expected.differing ||
       counts.dropped != expected.dropped)) {
    Complain("counts of an insertion");
  }
  met_.differing += counts.differing != 0 ? 1u : 0u;
  met_.filled_late += counts.stored != 0 && offset < next ? 1u : 0u;
  reference.DropBelow(buffer.base());
}

// What there was no memory for is missing, and has to be counted.
void StreamBufferComparison::FollowMemory(const InsertCounts& counts,
                                          uint64_t offset, size_t length,
                                          uint64_t limit, bool scarce,
                                          std::set<uint64_t>* refused) {
  const StreamBuffer& buffer = stream_->buffer;
  const uint64_t pushed = buffer.base() - stream_->reference.base();
  if (counts.pushed_out != pushed) Complain("bytes pushed out");
  if (pushed != 0) ++met_.pushed_out;
  if (length > UINT64_MAX - offset) return;
  uint64_t too_far = 0;
  uint64_t unseen = 0;
  for (uint64_t at = offset; at < offset + length; ++at) {
    uint8_t byte;
    if (at >= limit) {
      ++too_far;
    } else if (at < buffer.base()) {
      ++unseen;
    } else if (buffer.Read(*pool_, at, {&byte, 1}) == 0) {
      refused->insert(at);
    }
  }
  met_.too_far += too_far != 0 ? 1u : 0u;
  met_.out_of_memory += refused->empty() ? 0u : 1u;
  if (!scarce && (pushed != 0 || !refused->empty())) {
    Complain("bytes refused or pushed out, and there was memory");
  }
  const uint64_t dropped = too_far + refused->size();
  if (counts.dropped < dropped || counts.dropped > dropped + unseen) {
    Complain("dropped bytes");
  }
}

void StreamBufferComparison::Acknowledge(uint64_t offset) {
  const uint64_t missing =
      stream_->buffer.AcknowledgedUpTo(pool_.get(), offset);
  if (missing != stream_->reference.AcknowledgedUpTo(offset)) {
    Complain("bytes of a gap");
  }
  if (missing != 0) ++met_.gaps;
  if (stream_->buffer.AcknowledgedUpTo(pool_.get(), offset) != 0) {
    Complain("a gap told twice");
  }
}

void StreamBufferComparison::Peek(size_t length) {
  std::vector<uint8_t> read(length);
  uint64_t position = stream_->position;
  const api::PeekCounts counts = stream_->buffer.Peek(*pool_, &position, read);
  read.resize(counts.copied);
  uint64_t lost;
  const std::vector<uint8_t> expected =
      stream_->reference.Peek(&stream_->position, length, &lost);
  if (position != stream_->position || counts.lost != lost ||
      read != expected) {
    Complain("peek");
  }
  if (lost != 0) ++met_.losses;
}

void StreamBufferComparison::Read(uint64_t offset, size_t length) {
  std::vector<uint8_t> read(length);
  read.resize(stream_->buffer.Read(*pool_, offset, read));
  if (read != stream_->reference.Read(offset, length)) Complain("read");
}

void StreamBufferComparison::Restart(uint64_t offset) {
  stream_->buffer.Clear(pool_.get());
  stream_->buffer.Start(offset);
  stream_->reference.Start(offset);
  stream_->position = offset;
}

// Somebody else has so many blocks.
void StreamBufferComparison::Hog(uint8_t how_many) {
  while (hogged_.size() > how_many) {
    pool_->Release(hogged_.back());
    hogged_.pop_back();
  }
  while (hogged_.size() < how_many) {
    const uint32_t block = pool_->Acquire();
    if (block == api::kNoBlock) return;
    hogged_.push_back(block);
    std::fill_n(pool_->Data(block), kBlockBytes, uint8_t{0xee});
  }
}

void StreamBufferComparison::CheckHeld(const Stream& stream) {
  const ReferenceStreamBuffer& reference = stream.reference;
  if (stream.buffer.base() != reference.base() ||
      stream.buffer.next_expected() != reference.next_expected() ||
      stream.buffer.highest() != reference.highest()) {
    return Complain(absl::StrCat(
        "marks: ", stream.buffer.base(), " ", stream.buffer.next_expected(),
        " ", stream.buffer.highest(), " instead of ", reference.base(), " ",
        reference.next_expected(), " ", reference.highest()));
  }
  auto expected = reference.bytes().begin();
  std::vector<uint8_t> held;
  for (const HeldRange& range : RangesOf(stream.buffer, *pool_)) {
    held.resize(range.length);
    if (stream.buffer.Read(*pool_, range.offset, held) != held.size()) {
      return Complain("a range is not all there");
    }
    for (size_t i = 0; i < held.size(); ++i, ++expected) {
      if (expected == reference.bytes().end() ||
          expected->first != range.offset + i || expected->second != held[i]) {
        return Complain(absl::StrCat("byte ", range.offset + i));
      }
    }
  }
  if (expected != reference.bytes().end()) {
    Complain(absl::StrCat("byte ", expected->first, " is missing"));
  }
}

// A block for each that holds bytes, one for what lies below the base, and
// nodes above them.
void StreamBufferComparison::CheckMemory() {
  uint64_t least = hogged_.size();
  uint64_t most = least;
  for (const Stream& stream : streams_) {
    std::set<uint64_t> blocks;
    for (const HeldRange& range : RangesOf(stream.buffer, *pool_)) {
      const uint64_t last = range.offset + range.length - 1;
      for (uint64_t n = range.offset / kBlockBytes; n <= last / kBlockBytes;
           ++n) {
        blocks.insert(n);
      }
    }
    if (blocks.empty() && stream.buffer.empty()) continue;
    least += blocks.size();
    most += blocks.size() + 1;
    // Nodes, of two heights, under eight places at most.
    std::set<uint64_t> nodes = {stream.buffer.base() / kBlockBytes / 512};
    for (const uint64_t number : blocks) nodes.insert(number / 512);
    most += 2 * nodes.size();
  }
  if (pool_->in_use() < least || pool_->in_use() > most) {
    Complain(absl::StrCat(pool_->in_use(), " blocks in use instead of ", least,
                          " to ", most));
  }
}

}  // namespace mosd::testing
