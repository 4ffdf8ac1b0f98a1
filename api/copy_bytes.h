// memcpy as the C library has it. Where the compiler knows a bound of the
// length, as it does of a block or a frame, g++ 12 puts `rep movs` in its
// place, which takes more than twice as long (tests/bench/stream_bench).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mosd::api {

inline void CopyBytes(uint8_t* to, const uint8_t* from, size_t length) {
  // Frames without payload are not worth a call: two halves, which overlap.
  constexpr size_t kHalf = 32;
  if (length - kHalf <= kHalf) {
    uint8_t first[kHalf];
    uint8_t last[kHalf];
    std::memcpy(first, from, kHalf);
    std::memcpy(last, from + length - kHalf, kHalf);
    std::memcpy(to, first, kHalf);
    std::memcpy(to + length - kHalf, last, kHalf);
    return;
  }
  asm("" : "+r"(length));
  std::memcpy(to, from, length);
}

}  // namespace mosd::api
