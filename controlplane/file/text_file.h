// Small files of text (configuration, certificates), read whole. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::controlplane {

// The text of the file at `path`, which errors call `what`. Of a larger file it
// is the first `max_bytes` + 1 bytes, for the reader of the text to refuse.
// NOT_FOUND, PERMISSION_DENIED, or what else open(2) and read(2) say;
// INVALID_ARGUMENT if it is a folder.
absl::StatusOr<std::string> ReadTextFile(const std::string& path,
                                         size_t max_bytes,
                                         absl::string_view what);

}  // namespace mosd::controlplane
