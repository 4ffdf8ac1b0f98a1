// Bytes of frames, and the few operations by which tests make them. Numbers go
// in network order, made by shifts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mosd::testing {

using Bytes = std::vector<uint8_t>;

inline void Put8(Bytes* out, unsigned value) {
  out->push_back(static_cast<uint8_t>(value & 0xff));
}

inline void Put16(Bytes* out, unsigned value) {
  Put8(out, value >> 8);
  Put8(out, value);
}

inline void Put32(Bytes* out, uint32_t value) {
  Put16(out, value >> 16);
  Put16(out, value);
}

inline void Set16(Bytes* out, size_t at, unsigned value) {
  out->at(at) = static_cast<uint8_t>((value >> 8) & 0xff);
  out->at(at + 1) = static_cast<uint8_t>(value & 0xff);
}

inline void Append(Bytes* out, const Bytes& bytes) {
  out->insert(out->end(), bytes.begin(), bytes.end());
}

// Zeros until the size is a multiple of `multiple`.
inline void PadTo(Bytes* out, size_t multiple) {
  while (out->size() % multiple != 0) Put8(out, 0);
}

// The Internet checksum of `bytes`, RFC 1071.
inline uint16_t InternetChecksum(std::span<const uint8_t> bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? uint64_t{bytes[i]} << 8 : uint64_t{bytes[i]};
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum & 0xffff);
}

}  // namespace mosd::testing
