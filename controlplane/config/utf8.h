// Is a text UTF-8? Configuration values travel in protobuf strings, which must
// be. Pure; any thread.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace mosd::controlplane {

// Offset of the first byte that does not belong to well-formed UTF-8
// (RFC 3629: no overlong forms, no surrogates), or npos.
size_t FindInvalidUtf8(absl::string_view text);

}  // namespace mosd::controlplane
