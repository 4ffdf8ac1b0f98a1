// A YAML document as a plain tree in which every node knows where it stands.
// Made for untrusted text: size and depth are bounded; anchors, aliases, tags
// and further documents, which a configuration has no use for, are refused.
// Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::controlplane {

inline constexpr size_t kMaxYamlBytes = size_t{1} << 20;
inline constexpr size_t kMaxYamlDepth = 16;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  int line = 1;  // both from 1
  int column = 1;
  std::string scalar;
  // Items of a sequence; of a map: key, value, key, value.
  std::vector<YamlNode> children;
};

// Parses one document; an empty one is a null node. Errors are
// INVALID_ARGUMENT "NAME:LINE:COLUMN: reason".
absl::StatusOr<YamlNode> ParseYaml(absl::string_view text,
                                   absl::string_view name);

}  // namespace mosd::controlplane
