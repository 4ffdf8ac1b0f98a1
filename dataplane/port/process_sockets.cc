#include "dataplane/port/process_sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

namespace mosd::dataplane {

std::vector<ProcessSocket> SocketsOfFamily(int family) {
  std::vector<ProcessSocket> found;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    const std::string name = entry.path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    int its_family = 0;
    socklen_t size = sizeof(its_family);
    struct stat status;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &its_family, &size) == 0 &&
        its_family == family && fstat(fd, &status) == 0) {
      found.push_back({fd, status.st_ino});
    }
  }
  return found;
}

std::vector<ProcessSocket> Since(const std::vector<ProcessSocket>& before,
                                 std::vector<ProcessSocket> now) {
  std::erase_if(now, [&](const ProcessSocket& socket) {
    return std::find(before.begin(), before.end(), socket) != before.end();
  });
  return now;
}

}  // namespace mosd::dataplane
