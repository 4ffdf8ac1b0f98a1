// Copies of 32 to 64 bytes, as frames without payload are: not worth a call.
// Any thread; sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mosd::dataplane {

inline bool IsSmall(size_t size) { return size - 32 <= 32; }

// Of such a size: two halves, which overlap.
inline void CopySmall(uint8_t* to, const uint8_t* from, size_t size) {
  constexpr size_t kHalf = 32;
  uint8_t first[kHalf];
  uint8_t last[kHalf];
  std::memcpy(first, from, kHalf);
  std::memcpy(last, from + size - kHalf, kHalf);
  std::memcpy(to, first, kHalf);
  std::memcpy(to + size - kHalf, last, kHalf);
}

}  // namespace mosd::dataplane
