// The Internet checksum, RFC 1071, in parts. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mosd::mosctl {

class InternetChecksum {
 public:
  // Every part but the last has an even number of bytes.
  void Add(std::span<const uint8_t> bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      sum_ += i % 2 == 0 ? uint64_t{bytes[i]} << 8 : uint64_t{bytes[i]};
    }
  }
  void Add(uint32_t number) { sum_ += (number >> 16) + (number & 0xffff); }

  // Whether what was added, its checksum field included, is intact.
  bool Holds() const {
    uint64_t sum = sum_;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
  }

 private:
  uint64_t sum_ = 0;
};

}  // namespace mosd::mosctl
