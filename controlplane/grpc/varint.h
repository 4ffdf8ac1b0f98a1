// Numbers of up to four bytes as varints of protobuf, made in a register:
// without loop or branch, for how many bytes the next one takes is chance.
// Pure, any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace mosd::controlplane {

static_assert(std::endian::native == std::endian::little);

// The first number that takes more than `bytes` bytes.
constexpr uint64_t VarintEnd(size_t bytes) { return uint64_t{1} << 7 * bytes; }

// The bits by which all of `bytes` bytes but the last say that another follows.
constexpr uint64_t VarintMarks(size_t bytes) {
  return uint64_t{0x80808080808080} >> 8 * (8 - bytes);
}

struct Varint {
  uint64_t bytes;  // the first one lowest, zeros behind the last
  size_t size;     // 1 to 4
};

// Of a number below VarintEnd(4).
constexpr Varint VarintOf(uint32_t value) {
  const size_t size = 1 + (value >= VarintEnd(1)) + (value >= VarintEnd(2)) +
                      (value >= VarintEnd(3));
  // Seven bits to a byte: what has to go one place up is added once more, what
  // has to go two places, three times.
  const uint32_t halves = value + 3 * (value & 0xfffc000);
  const uint32_t groups = halves + (halves & 0x3f803f80);
  return {groups | VarintMarks(size), size};
}

}  // namespace mosd::controlplane
