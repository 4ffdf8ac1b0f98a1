#include "controlplane/mosctl/server_address.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controlplane/mosctl/printable.h"

namespace mosd::mosctl {
namespace {

constexpr absl::string_view kUnixPrefix = "unix:";
constexpr absl::string_view kSystemSocket = "/run/mosd/mosd.sock";

absl::Status Wrong(absl::string_view address, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("server \"", Printable(address), "\" ", why,
                   "; write host:port, [v6-address]:port or unix:PATH"));
}

// Why nobody answers at a path; empty: somebody does.
std::string Obstacle(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return "path too long";
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::strerror(errno);
  if (absl::StartsWith(path, "/tmp/") && status.st_uid != 0 &&
      status.st_uid != getuid()) {
    return "belongs to another user";
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::strerror(errno);
  std::string obstacle;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof address) != 0) {
    obstacle = errno == ECONNREFUSED ? "left behind; nobody listens there"
               : errno == EACCES
                   ? "permission denied: it is for root and its group "
                     "(usermod -aG mosd USER, and log in again)"
                   : std::strerror(errno);
  }
  close(fd);
  return obstacle;
}

}  // namespace

absl::StatusOr<std::string> ServerTarget(absl::string_view address) {
  absl::string_view path = address;
  if (absl::ConsumePrefix(&path, kUnixPrefix)) {
    if (path.empty()) return Wrong(address, "has no path");
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
      return Wrong(address, "has a path too long for a socket");
    }
    return std::string(address);
  }
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) {
    return Wrong(address, colon == 0 ? "has no host" : "has no port");
  }
  const absl::string_view host = address.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[]/") != absl::string_view::npos) {
    return Wrong(address, "is not an address");
  }
  uint32_t port = 0;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port) || port == 0 ||
      port > 65535) {
    return Wrong(address, "has no port from 1 to 65535");
  }
  return absl::StrCat("dns:///", address);
}

std::vector<std::string> DefaultSockets() {
  const char* runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  const bool has_runtime_dir = runtime_dir != nullptr && *runtime_dir != '\0';
  return {std::string(kSystemSocket),
          has_runtime_dir ? absl::StrCat(runtime_dir, "/mosd.sock")
                          : absl::StrCat("/tmp/mosd-", getuid(), ".sock")};
}

absl::StatusOr<std::string> FindServer(const std::vector<std::string>& paths) {
  std::string tried;
  for (const std::string& path : paths) {
    const std::string obstacle = Obstacle(path);
    if (obstacle.empty()) return absl::StrCat(kUnixPrefix, path);
    absl::StrAppend(&tried, "\n  unix:", Printable(path), ": ", obstacle);
  }
  return absl::UnavailableError(absl::StrCat(
      "no mosd answers here; tried", tried,
      "\nStart one (mosd --pcap FILE, mosd --interface NAME, systemctl start "
      "mosd),\nor say where it listens (--server ADDR or MOSCTL_SERVER)."));
}

}  // namespace mosd::mosctl
