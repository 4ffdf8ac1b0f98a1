// Writing to a descriptor while keeping the reason of a failure, which
// std::ostream forgets: a closed pipe is the reader's wish, a full disk is an
// error. One thread.
#pragma once

#include <array>
#include <streambuf>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mosd::mosctl {

// Buffers for an ostream; nothing more is written after the first failure.
class DescriptorBuffer : public std::streambuf {
 public:
  // Does not own `fd`.
  explicit DescriptorBuffer(int fd);

  // errno of the first failed write; 0: none.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  int fd_;
  int error_ = 0;
  std::array<char, 1 << 16> buffer_{};
};

// Writes all of `bytes` to `fd`. 0, or errno.
int WriteAll(int fd, absl::string_view bytes);

// Makes or replaces the file, for its owner's eyes only: frames are somebody's
// payload. The error names the file and what the system said.
absl::Status WriteOutputFile(const std::string& path, absl::string_view bytes);

}  // namespace mosd::mosctl
