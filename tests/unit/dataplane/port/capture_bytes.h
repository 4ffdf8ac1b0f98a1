// Captures, byte by byte, for tests of those who read them. Formats: pcap(5),
// and the draft draft-ietf-opsawg-pcapng.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace mosd::dataplane {

inline std::string Little(uint64_t value, int bytes) {
  std::string text;
  for (; bytes > 0; --bytes, value >>= 8) text += static_cast<char>(value);
  return text;
}

inline std::string Big(uint64_t value, int bytes) {
  const std::string little = Little(value, bytes);
  return std::string(little.rbegin(), little.rend());
}

inline constexpr uint32_t kMicroseconds = 0xa1b2c3d4;
inline constexpr uint32_t kNanoseconds = 0xa1b23c4d;

// A classic capture; `number` writes the integers.
struct Classic {
  std::string (*number)(uint64_t value, int bytes) = Little;
  std::string text;

  Classic& Header(uint32_t magic = kMicroseconds, uint32_t link_type = 1) {
    text += number(magic, 4) + number(2, 2) + number(4, 2) + number(0, 8) +
            number(262144, 4) + number(link_type, 4);
    return *this;
  }
  Classic& Frame(uint32_t seconds, uint32_t fraction, const std::string& bytes,
                 size_t wire_length = 0) {
    text += number(seconds, 4) + number(fraction, 4) + number(bytes.size(), 4) +
            number(wire_length != 0 ? wire_length : bytes.size(), 4) + bytes;
    return *this;
  }
};

inline std::string Block(uint32_t type, std::string body) {
  body.resize((body.size() + 3) / 4 * 4);
  const std::string size = Little(body.size() + 12, 4);
  return Little(type, 4) + size + body + size;
}

inline std::string SectionHeader() {
  return Block(0x0a0d0d0a, Little(0x1a2b3c4d, 4) + Little(1, 2) + Little(0, 2) +
                               std::string(8, '\xff'));
}

// Times of its packets are in 10^-`resolution` s.
inline std::string Interface(uint32_t link_type, uint8_t resolution = 6) {
  return Block(1, Little(link_type, 2) + Little(0, 2) + Little(0, 4) +
                      Little(9, 2) + Little(1, 2) + Little(resolution, 4) +
                      Little(0, 4));
}

inline std::string EnhancedPacket(uint32_t interface, uint64_t time,
                                  const std::string& bytes,
                                  size_t wire_length = 0) {
  return Block(6, Little(interface, 4) + Little(time >> 32, 4) +
                      Little(time, 4) + Little(bytes.size(), 4) +
                      Little(wire_length != 0 ? wire_length : bytes.size(), 4) +
                      bytes);
}

inline std::string WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace mosd::dataplane
