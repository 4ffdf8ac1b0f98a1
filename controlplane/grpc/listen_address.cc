#include "controlplane/grpc/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

constexpr absl::string_view kUnixPrefix = "unix:";

bool IsLoopback(const std::string& host) {
  in_addr v4;
  in6_addr v6;
  if (host == "localhost") return true;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == 127;
  }
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&v6);
}

bool IsPort(absl::string_view text) {
  uint32_t port;
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, &port) && port <= 65535;
}

// A socket for one question.
class ProbeSocket {
 public:
  explicit ProbeSocket(int family)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~ProbeSocket() {
    if (fd_ >= 0) close(fd_);
  }
  ProbeSocket(const ProbeSocket&) = delete;
  ProbeSocket& operator=(const ProbeSocket&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

absl::StatusOr<ListenAddress> ListenAddress::Parse(absl::string_view text) {
  ListenAddress address;
  address.text_ = std::string(text);
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) {
    address.host_or_path_ = std::string(text.substr(kUnixPrefix.size()));
    if (address.host_or_path_.empty() ||
        address.host_or_path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return absl::InvalidArgumentError(
          absl::StrCat("gRPC address '", text, "': a socket path has 1 to ",
                       sizeof(sockaddr_un::sun_path) - 1, " bytes"));
    }
    return address;
  }
  const size_t colon = text.rfind(':');
  absl::string_view host =
      colon == absl::string_view::npos ? "" : text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != absl::string_view::npos) {
    host = "";  // IPv6 needs brackets
  }
  if (host.empty() || !IsPort(text.substr(colon + 1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("gRPC address '", text,
                     "': write HOST:PORT, [IPV6]:PORT or unix:PATH"));
  }
  address.host_or_path_ = std::string(host);
  address.port_ = std::string(text.substr(colon + 1));
  if (!IsLoopback(address.host_or_path_)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "gRPC address '", text,
        "' is not loopback: without TLS, which this version does not have, "
        "frames would cross the network in the clear; use 127.0.0.1, [::1] "
        "or unix:PATH"));
  }
  return address;
}

std::string ListenAddress::WithPort(int port) const {
  if (is_unix()) return text_;
  return absl::StrCat(text_.substr(0, text_.rfind(':')), ":", port);
}

absl::Status ListenAddress::CheckFree() const {
  return is_unix() ? CheckUnix() : CheckTcp();
}

absl::Status ListenAddress::Failure(int error, absl::string_view doing) const {
  const std::string message = absl::StrCat(
      "gRPC address '", text_, "': ", doing, ": ", std::strerror(error));
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(
          absl::StrCat(message,
                       "; stop the program that listens there, or name another "
                       "address"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

absl::Status ListenAddress::CheckUnix() const {
  const std::string& path = host_or_path_;
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return Failure(errno, "cannot look at the path");
    const size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "."
                                  : slash == 0               ? "/"
                                               : path.substr(0, slash);
    if (access(directory.c_str(), W_OK | X_OK) != 0) {
      return Failure(errno,
                     absl::StrCat("cannot make a socket in ", directory));
    }
    return absl::OkStatus();
  }
  if (!S_ISSOCK(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("gRPC address '", text_,
                     "': the path is there and is not a socket; remove it or "
                     "name another path"));
  }
  const ProbeSocket probe(AF_UNIX);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (connect(probe.fd(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0) {
    return Failure(EADDRINUSE, "a server answers there");
  }
  // Nobody listens: a socket that was left behind, which gRPC replaces.
  if (errno == ECONNREFUSED) return absl::OkStatus();
  return Failure(errno, "cannot tell whether the socket is in use");
}

absl::Status ListenAddress::CheckTcp() const {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(port_, &port)) return absl::InternalError(text_);
  const std::string host =
      host_or_path_ == "localhost" ? "127.0.0.1" : host_or_path_;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  const bool is_v4 = inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4) inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr);

  const ProbeSocket probe(is_v4 ? AF_INET : AF_INET6);
  const int on = 1;
  setsockopt(probe.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const int result =
      is_v4
          ? bind(probe.fd(), reinterpret_cast<const sockaddr*>(&v4), sizeof(v4))
          : bind(probe.fd(), reinterpret_cast<const sockaddr*>(&v6),
                 sizeof(v6));
  if (probe.fd() < 0 || result != 0) return Failure(errno, "cannot bind");
  return absl::OkStatus();
}

}  // namespace mosd::controlplane
