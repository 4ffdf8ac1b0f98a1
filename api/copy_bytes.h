// memcpy as the C library has it. Where the compiler knows a bound of the
// length, as it does of a block or a frame, g++ 12 puts `rep movs` in its
// place, which takes more than twice as long (tests/bench/stream_bench).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/base/small_copy.h"

namespace mosd::api {

inline void CopyBytes(uint8_t* to, const uint8_t* from, size_t length) {
  if (dataplane::IsSmall(length)) {
    dataplane::CopySmall(to, from, length);
    return;
  }
  asm("" : "+r"(length));
  std::memcpy(to, from, length);
}

}  // namespace mosd::api
