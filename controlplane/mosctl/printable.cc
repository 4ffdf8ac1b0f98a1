#include "controlplane/mosctl/printable.h"

#include "absl/strings/str_cat.h"

namespace mosd::mosctl {

std::string Printable(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\r') {
      text += "\\r";
    } else if (c == '\t') {
      text += "\\t";
    } else if (byte >= 0x20 && byte <= 0x7e) {
      text += c;
    } else {
      absl::StrAppend(&text, "\\x", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return text;
}

}  // namespace mosd::mosctl
