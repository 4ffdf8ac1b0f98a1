// What is to be said about an mOS configuration file: lines
// "FILE:LINE: key: reason", at most 20 of each kind and one that says that
// there are more. Thread-compatible.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mosd::controlplane {

class MosConfReport {
 public:
  explicit MosConfReport(absl::string_view file) : file_(file) {}

  // The file cannot be used. Without a key: "FILE:LINE: reason".
  void Problem(int line, absl::string_view key, absl::string_view reason);
  // Of another place: "reason" alone, which may be several lines.
  void Problem(absl::string_view reason);
  // It can be used, but not all that it says.
  void Notice(int line, absl::string_view key, absl::string_view reason);

  // "FILE:LINE: key"
  std::string Place(int line, absl::string_view key) const;

  // OK, or INVALID_ARGUMENT with all problems.
  absl::Status status() const;
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  void Add(std::string line, std::vector<std::string>* lines) const;

  std::string file_;
  std::vector<std::string> problems_;
  std::vector<std::string> notices_;
};

// What somebody wrote, as it can be shown: escaped, and not too long.
std::string ShownText(absl::string_view text);

}  // namespace mosd::controlplane
