// The receive buffer of a stream as a map from offset to byte: slow, obvious,
// and with memory without end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "api/stream/stream_buffer.h"

namespace mosd::testing {

class ReferenceStreamBuffer {
 public:
  void Start(uint64_t offset) {
    bytes_.clear();
    base_ = next_ = highest_ = offset;
  }

  // Offsets in `refused` are those that the fast one had no memory for.
  api::InsertCounts Insert(uint64_t offset, std::span<const uint8_t> bytes,
                           api::OverlapPolicy policy, uint64_t ahead_bytes,
                           const std::set<uint64_t>& refused) {
    api::InsertCounts counts;
    if (bytes.size() > UINT64_MAX - offset) {
      counts.dropped = bytes.size();
      return counts;
    }
    const uint64_t room = UINT64_MAX - next_;
    const uint64_t limit = next_ + std::min(ahead_bytes, room);
    for (size_t i = 0; i < bytes.size(); ++i) {
      const uint64_t at = offset + i;
      const auto held = bytes_.find(at);
      if (at < base_) {
        ++counts.late;
      } else if (at >= limit || refused.contains(at)) {
        ++counts.dropped;
      } else if (held == bytes_.end()) {
        ++counts.stored;
        bytes_[at] = bytes[i];
        highest_ = std::max(highest_, at + 1);
      } else {
        ++counts.overlapping;
        if (held->second != bytes[i]) ++counts.differing;
        if (policy == api::OverlapPolicy::kLast) held->second = bytes[i];
      }
    }
    const uint64_t before = next_;
    Advance();
    counts.in_order = next_ - before;
    return counts;
  }

  uint64_t AcknowledgedUpTo(uint64_t offset) {
    if (offset <= next_) return 0;
    const auto held = static_cast<uint64_t>(
        std::distance(bytes_.lower_bound(next_), bytes_.lower_bound(offset)));
    const uint64_t missing = offset - next_ - held;
    next_ = offset;
    highest_ = std::max(highest_, next_);
    Advance();
    Trim(api::StreamBuffer::kMaxKeptBytes);
    return missing;
  }

  void Trim(uint64_t buffer_bytes) {
    if (next_ - base_ > buffer_bytes) DropBelow(next_ - buffer_bytes);
  }
  void DropBelow(uint64_t offset) {
    base_ = offset;
    bytes_.erase(bytes_.begin(), bytes_.lower_bound(base_));
  }

  // The bytes held from `offset` on, without a hole, at most `length`.
  std::vector<uint8_t> Read(uint64_t offset, size_t length) const {
    std::vector<uint8_t> read;
    for (auto at = bytes_.find(offset);
         at != bytes_.end() && read.size() < length &&
         at->first == offset + read.size();
         ++at) {
      read.push_back(at->second);
    }
    return read;
  }

  std::vector<uint8_t> Peek(uint64_t* position, size_t length, uint64_t* lost) {
    *lost = 0;
    if (*position >= next_) return {};
    const auto held = bytes_.lower_bound(*position);
    const uint64_t at =
        held == bytes_.end() ? next_ : std::min(held->first, next_);
    *lost = at - *position;
    std::vector<uint8_t> read;
    if (*lost == 0) {
      read = Read(at, std::min<uint64_t>(length, next_ - at));
    }
    *position = at + read.size();
    return read;
  }

  const std::map<uint64_t, uint8_t>& bytes() const { return bytes_; }
  uint64_t base() const { return base_; }
  uint64_t next_expected() const { return next_; }
  uint64_t highest() const { return highest_; }

 private:
  void Advance() {
    for (auto at = bytes_.find(next_); at != bytes_.end() && at->first == next_;
         ++at) {
      ++next_;
    }
  }

  std::map<uint64_t, uint8_t> bytes_;
  uint64_t base_ = 0;
  uint64_t next_ = 0;
  uint64_t highest_ = 0;
};

}  // namespace mosd::testing
