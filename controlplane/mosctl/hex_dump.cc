#include "controlplane/mosctl/hex_dump.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mosd::mosctl {

std::string HexDump(std::span<const uint8_t> bytes) {
  constexpr size_t kPerLine = 16;
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += kPerLine) {
    const auto line = bytes.subspan(at, std::min(kPerLine, bytes.size() - at));
    std::string ascii;
    absl::StrAppendFormat(&text, "%04x ", at);
    for (size_t i = 0; i < kPerLine; ++i) {
      if (i == kPerLine / 2) text += ' ';
      if (i >= line.size()) {
        text += "   ";
        continue;
      }
      absl::StrAppendFormat(&text, " %02x", line[i]);
      ascii +=
          line[i] >= 0x20 && line[i] <= 0x7e ? static_cast<char>(line[i]) : '.';
    }
    absl::StrAppend(&text, "  ", ascii, "\n");
  }
  return text;
}

}  // namespace mosd::mosctl
