#include "controlplane/config/default_socket.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace mosd::controlplane {

std::string DefaultSocketPath() {
  const char* service = std::getenv("RUNTIME_DIRECTORY");
  if (service != nullptr && service[0] == '/') {
    return std::string(service, std::strcspn(service, ":")) + "/mosd.sock";
  }
  const uid_t uid = ::geteuid();
  if (uid == 0) return "/run/mosd/mosd.sock";
  const char* runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  if (runtime_dir != nullptr && runtime_dir[0] == '/') {
    return std::string(runtime_dir) + "/mosd.sock";
  }
  return "/tmp/mosd-" + std::to_string(uid) + ".sock";
}

}  // namespace mosd::controlplane
