// Numbers in network order out of bytes that were checked to be there. Pure,
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mosd::mosctl {

// The caller has checked that `at` + 2 (or 4, 8) bytes exist.
inline uint16_t Read16(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

inline uint32_t Read32(std::span<const uint8_t> bytes, size_t at) {
  return uint32_t{Read16(bytes, at)} << 16 | Read16(bytes, at + 2);
}

inline uint64_t Read64(std::span<const uint8_t> bytes, size_t at) {
  return uint64_t{Read32(bytes, at)} << 32 | Read32(bytes, at + 4);
}

}  // namespace mosd::mosctl
