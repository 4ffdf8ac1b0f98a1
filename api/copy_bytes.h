// memcpy as the C library has it. Where the compiler knows a bound of the
// length, as it does of a block or a frame, g++ 12 puts `rep movs` in its
// place, which takes more than twice as long (tests/bench/stream_bench).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/frame/frame_copy.h"

namespace mosd::api {

// Frames without payload, of 32 to 64 bytes, are not worth a call.
inline bool IsSmall(size_t length) { return length - 32 <= 32; }

// Of such a length: two halves, which overlap.
inline void CopySmall(uint8_t* to, const uint8_t* from, size_t length) {
  constexpr size_t kHalf = 32;
  uint8_t first[kHalf];
  uint8_t last[kHalf];
  std::memcpy(first, from, kHalf);
  std::memcpy(last, from + length - kHalf, kHalf);
  std::memcpy(to, first, kHalf);
  std::memcpy(to + length - kHalf, last, kHalf);
}

inline void CopyBytes(uint8_t* to, const uint8_t* from, size_t length) {
  if (IsSmall(length)) {
    CopySmall(to, from, length);
    return;
  }
  asm("" : "+r"(length));
  std::memcpy(to, from, length);
}

// The same, but for whole cache lines of `to`, which are written past the
// caches: for bytes that nobody is about to read.
inline void CopyPastCaches(uint8_t* to, const uint8_t* from, size_t length) {
  constexpr size_t kLine = 64;
  const size_t head = -reinterpret_cast<uintptr_t>(to) % kLine;
  if (length < head + dataplane::kNonTemporalBytes) {
    CopyBytes(to, from, length);
    return;
  }
  if (head != 0) CopyBytes(to, from, head);
  size_t done = head;
  for (; done + kLine <= length; done += kLine) {
    dataplane::StreamLine(to + done, from + done);
  }
  if (done != length) CopyBytes(to + done, from + done, length - done);
}

}  // namespace mosd::api
