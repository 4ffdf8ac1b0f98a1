// memif:SOCKET: shared memory with another program, such as VPP, which
// connects to this socket as the client of interface 0.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "dataplane/port/live_device.h"

namespace mosd::dataplane {
namespace {

// Asks with a socket of another type, which the kernel refuses in one way if
// there is a listener, and in another if there is none. A true connection that
// ends at once makes DPDK's driver (22.11) abort the process that serves it.
bool SomebodyServes(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool refused = connect(fd, reinterpret_cast<sockaddr*>(&address),
                               sizeof(address)) != 0 &&
                       errno == ECONNREFUSED;
  close(fd);
  return !refused;
}

// Removes a socket that an earlier run left.
absl::Status ClearPath(const std::string& path) {
  // "./" of a name without a folder.
  const std::string folder = std::filesystem::path(path).parent_path() / "";
  const char* shown = folder.empty() ? "./" : folder.c_str();
  if (access(shown, W_OK | X_OK) != 0) {
    const std::string why = absl::StrCat(shown, ": ", std::strerror(errno));
    return errno == EACCES || errno == EROFS ? absl::PermissionDeniedError(why)
                                             : absl::NotFoundError(why);
  }
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) return absl::OkStatus();
  if (!S_ISSOCK(status.st_mode)) {
    return absl::FailedPreconditionError(
        "something else than a socket has this name");
  }
  if (SomebodyServes(path)) {
    return absl::FailedPreconditionError("another program serves this socket");
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::PermissionDeniedError(
        absl::StrCat("a socket left by an earlier run cannot be removed: ",
                     std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LiveDevice> OpenMemif(const LiveRequest& request) {
  LiveDevice device;
  const auto queues = ChooseQueues(request.queues, 1, 1);
  if (!queues.ok()) return queues.status();
  absl::Status status = ClearPath(request.spec.argument);
  if (!status.ok()) return status;
  auto pool = MakeUsualPool(request);
  if (!pool.ok()) return pool.status();
  device.pool = *std::move(pool);
  auto ethdev =
      MakeDevice(request, "net_memif",
                 absl::StrCat("role=server,id=0,socket-abstract=no,socket=",
                              request.spec.argument));
  if (!ethdev.ok()) return ethdev.status();
  device.ethdev = *std::move(ethdev);
  status = device.ethdev->Configure({.pool = device.pool.get()});
  if (!status.ok()) return status;
  return device;
}

}  // namespace mosd::dataplane
