#include "controlplane/config/utf8.h"

#include <cstdint>

#include "absl/strings/string_view.h"

namespace mosd::controlplane {
namespace {

// Bytes of the sequence that `text` begins with, or 0.
size_t SequenceLength(absl::string_view text) {
  const auto byte = [&text](size_t i) {
    return static_cast<uint8_t>(i < text.size() ? text[i] : 0);
  };
  const auto follows = [&byte](size_t i, uint8_t low = 0x80,
                               uint8_t high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const uint8_t low = first == 0xe0 ? 0xa0 : 0x80;   // overlong
    const uint8_t high = first == 0xed ? 0x9f : 0xbf;  // surrogates
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const uint8_t low = first == 0xf0 ? 0x90 : 0x80;   // overlong
    const uint8_t high = first == 0xf4 ? 0x8f : 0xbf;  // beyond U+10FFFF
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

size_t FindInvalidUtf8(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return absl::string_view::npos;
}

}  // namespace mosd::controlplane
