#include "controlplane/appliance/unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

absl::Status InUse(const std::string& path) {
  return absl::AlreadyExistsError(
      absl::StrCat("unix:", path,
                   ": another mosd serves this socket; stop it, "
                   "or listen on another path"));
}

absl::Status FileError(const std::string& path, const char* what) {
  return absl::ErrnoToStatus(errno, absl::StrCat("unix:", path, ": ", what));
}

// Where a file cannot be made, in a directory that is there or is not.
absl::Status DirectoryError(const std::string& path, const char* what) {
  const int error = errno;
  const absl::Status status = FileError(path, what);
  if (error != EACCES && error != EROFS) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(),
                   "; let mosd write in its directory (in a container, mount "
                   "a tmpfs there), or listen on another path"));
}

// Opens and locks the lock file; -1 with errno EWOULDBLOCK: somebody has it.
int OpenLocked(const std::string& lock_path) {
  while (true) {
    const int fd = ::open(lock_path.c_str(),
                          O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    struct stat held;
    struct stat named;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && ::fstat(fd, &held) == 0) {
      // The holder before may have removed the file between open and lock.
      if (::stat(lock_path.c_str(), &named) == 0 &&
          held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
        return fd;
      }
      ::close(fd);
      continue;
    }
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
}

// Whether somebody accepts connections there. `error` is that of connect(2).
bool IsServed(const std::string& path, int* error) {
  const int fd =
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    *error = errno;
    return false;
  }
  const absl::Cleanup close_fd = [fd] { ::close(fd); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == 0) {
    return true;
  }
  *error = errno;
  return errno == EAGAIN;  // its backlog is full
}

// Makes way for a new socket at `path`.
absl::Status RemoveStale(const std::string& path) {
  struct stat file;
  if (::lstat(path.c_str(), &file) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(path, "stat");
  }
  if (!S_ISSOCK(file.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("unix:", path,
                     ": the file exists and is no socket; "
                     "remove it, or listen on another path"));
  }
  int error = 0;
  if (IsServed(path, &error)) return InUse(path);
  if (error != ECONNREFUSED) {
    errno = error;
    return FileError(path, "the socket that is there cannot be tried");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return FileError(path, "the stale socket cannot be removed");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UnixSocketClaim> UnixSocketClaim::Take(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path) ||
      path.find('\0') != path.npos || path.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unix:", path, ": not a possible socket path"));
  }
  const std::filesystem::path directory =
      std::filesystem::path(path).parent_path();
  if (!directory.empty() && ::mkdir(directory.c_str(), 0755) != 0 &&
      errno != EEXIST) {
    return DirectoryError(path, "its directory cannot be made");
  }
  const int lock_fd = OpenLocked(path + ".lock");
  if (lock_fd < 0) {
    if (errno == EWOULDBLOCK) return InUse(path);
    return DirectoryError(path, "its lock file (.lock) cannot be opened");
  }
  if (absl::Status status = RemoveStale(path); !status.ok()) {
    ::unlink((path + ".lock").c_str());
    ::close(lock_fd);
    return status;
  }
  return UnixSocketClaim(path, lock_fd);
}

UnixSocketClaim::UnixSocketClaim(UnixSocketClaim&& other) noexcept
    : path_(std::move(other.path_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

UnixSocketClaim& UnixSocketClaim::operator=(UnixSocketClaim&& other) noexcept {
  if (this != &other) {
    Release();
    path_ = std::move(other.path_);
    lock_fd_ = std::exchange(other.lock_fd_, -1);
  }
  return *this;
}

UnixSocketClaim::~UnixSocketClaim() { Release(); }

void UnixSocketClaim::Release() {
  if (lock_fd_ < 0) return;
  struct stat file;
  if (::lstat(path_.c_str(), &file) == 0 && S_ISSOCK(file.st_mode)) {
    ::unlink(path_.c_str());
  }
  ::unlink((path_ + ".lock").c_str());
  ::close(std::exchange(lock_fd_, -1));
}

}  // namespace mosd::controlplane
