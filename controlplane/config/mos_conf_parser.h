// The grammar of an mOS configuration file, made for untrusted text: a tree of
// statements and blocks, each of which knows its line. What they mean is
// mos_settings.h. Pure; any thread.
//
//   file      = { statement | block }
//   statement = text, up to the end of the line, ";" or "}"
//   block     = name "{" file "}"      also with "{" on the next line
//
// A comment goes from "#" to the end of the line. Between two double quotes on
// one line, none of # ; { } is special.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::controlplane {

inline constexpr size_t kMaxMosConfBytes = size_t{1} << 20;
inline constexpr size_t kMaxMosConfDepth = 8;
inline constexpr size_t kMaxMosConfNodes = 10'000;

struct MosConfNode {
  std::string text;  // of a statement; of a block, what stands before its "{"
  int line = 1;      // from 1
  bool is_block = false;
  std::vector<MosConfNode> children;  // of a block

  // "key = value", "key=value" and "key value": the two parts of `text`.
  absl::string_view Key() const;
  absl::string_view Value() const;
};

// Parses a file into a block without a name. Errors are INVALID_ARGUMENT, one
// line for each: "NAME:LINE: reason".
absl::StatusOr<MosConfNode> ParseMosConf(absl::string_view text,
                                         absl::string_view name);

}  // namespace mosd::controlplane
