// Text from the wire or from a server, made safe for a terminal. Pure, any
// thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mosd::mosctl {

// Bytes 0x20 to 0x7e stay as they are, except the backslash, which is doubled;
// all others become \n, \r, \t or \xHH. The result is plain ASCII without
// control characters, and the bytes can be read back from it.
std::string Printable(absl::string_view bytes);
void AppendPrintable(absl::string_view bytes, std::string* text);

}  // namespace mosd::mosctl
