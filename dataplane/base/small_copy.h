// Copies of 32 to 64 bytes, as frames without payload are: not worth a call.
// Any thread; sizes in bytes.
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>

namespace mosd::dataplane {

inline bool IsSmall(size_t size) { return size - 32 <= 32; }

// Of such a size: two halves, which overlap.
inline void CopySmall(uint8_t* to, const uint8_t* from, size_t size) {
  const auto load = [](const uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const auto store = [](uint8_t* at, __m128i value) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), value);
  };
  const __m128i a = load(from);
  const __m128i b = load(from + 16);
  const __m128i y = load(from + size - 32);
  const __m128i z = load(from + size - 16);
  store(to, a);
  store(to + 16, b);
  store(to + size - 32, y);
  store(to + size - 16, z);
}

}  // namespace mosd::dataplane
