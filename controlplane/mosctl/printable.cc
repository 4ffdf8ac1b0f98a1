#include "controlplane/mosctl/printable.h"

#include "absl/strings/str_cat.h"

namespace mosd::mosctl {

std::string Printable(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  AppendPrintable(bytes, &text);
  return text;
}

void AppendPrintable(absl::string_view bytes, std::string* text) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '\\') {
      *text += c;
    } else if (c == '\\') {
      *text += "\\\\";
    } else if (c == '\n') {
      *text += "\\n";
    } else if (c == '\r') {
      *text += "\\r";
    } else if (c == '\t') {
      *text += "\\t";
    } else {
      absl::StrAppend(text, "\\x", absl::Hex(byte, absl::kZeroPad2));
    }
  }
}

}  // namespace mosd::mosctl
