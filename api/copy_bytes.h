// memcpy as the C library has it. Where the compiler knows a bound of the
// length, as it does of a block or a frame, g++ 12 puts `rep movs` in its
// place, which takes more than twice as long (tests/bench/stream_bench).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/base/small_copy.h"
#include "dataplane/frame/frame_copy.h"

namespace mosd::api {

inline void CopyBytes(uint8_t* to, const uint8_t* from, size_t length) {
  if (dataplane::IsSmall(length)) {
    dataplane::CopySmall(to, from, length);
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
