#include "controlplane/file/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {

absl::StatusOr<std::string> ReadTextFile(const std::string& path,
                                         size_t max_bytes,
                                         absl::string_view what) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(path, ": the ", what, " cannot be opened"));
  }
  const absl::Cleanup close_file = [fd] { ::close(fd); };
  std::string text(max_bytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EISDIR) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is a folder, not a ", what));
    }
    if (got < 0) {
      return absl::ErrnoToStatus(
          errno, absl::StrCat(path, ": the ", what, " cannot be read"));
    }
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace mosd::controlplane
