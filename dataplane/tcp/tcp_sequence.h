// Comparison of 32-bit sequence numbers modulo 2^32, RFC 9293 section 3.4. Two
// numbers compare rightly while they are less than 2 GiB apart; when they are
// just that, each is before the other. Any thread.
#pragma once

#include <cstdint>

namespace mosd::dataplane {

// Bytes from `from` to `to`; negative when `to` comes first.
constexpr int32_t SeqDistance(uint32_t from, uint32_t to) {
  return static_cast<int32_t>(to - from);
}

constexpr bool SeqBefore(uint32_t a, uint32_t b) {
  return SeqDistance(b, a) < 0;
}

constexpr uint32_t SeqMax(uint32_t a, uint32_t b) {
  return SeqBefore(a, b) ? b : a;
}

// first <= seq <= last. `first` and `last` may be up to 4 GiB apart.
constexpr bool SeqWithin(uint32_t seq, uint32_t first, uint32_t last) {
  return seq - first <= last - first;
}

}  // namespace mosd::dataplane
