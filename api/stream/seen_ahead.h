// Which bytes of a stream were seen beyond its first hole, where no receive
// buffer knows: a few ranges of stream offsets, no bytes. A plain object in the
// record of a flow, empty when all zero. Thread-compatible; any offset is safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mosd::api {

class SeenAhead {
 public:
  // As many as a SACK option tells of beside timestamps (RFC 2018, section 3).
  // Of more, the range that was touched the longest time ago is forgotten.
  static constexpr size_t kRanges = 3;

  // Bytes [begin, end) came. `*in_order` is where the first hole is by the
  // numbers of this segment and of those before it; it is moved on past what
  // was seen ahead and is in order by now. Returns whether one of the bytes was
  // seen ahead before.
  bool Note(uint64_t begin, uint64_t end, uint64_t* in_order);

  bool empty() const { return count_ == 0; }

 private:
  struct Range {
    uint64_t begin;
    uint64_t end;
  };

  std::array<Range, kRanges> ranges_;  // none touches another; newest last
  uint32_t count_;
};

}  // namespace mosd::api
