// The file of a Unix socket, held by one process at a time. A server would
// otherwise take over the path of a living one, or stumble over the file that
// a dead one left. Thread-compatible.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace mosd::controlplane {

class UnixSocketClaim {
 public:
  // Claims `path` by a lock on PATH.lock, and removes a socket that nobody
  // serves any more; makes the directory if only that is missing.
  // ALREADY_EXISTS: somebody serves it, or it is no socket. PERMISSION_DENIED
  // and others name the file.
  static absl::StatusOr<UnixSocketClaim> Take(const std::string& path);

  UnixSocketClaim(UnixSocketClaim&& other) noexcept;
  UnixSocketClaim& operator=(UnixSocketClaim&& other) noexcept;

  // Removes the socket, if it is still there, and the lock.
  ~UnixSocketClaim();

  const std::string& path() const { return path_; }

 private:
  UnixSocketClaim(std::string path, int lock_fd)
      : path_(std::move(path)), lock_fd_(lock_fd) {}

  void Release();

  std::string path_;
  int lock_fd_ = -1;
};

}  // namespace mosd::controlplane
