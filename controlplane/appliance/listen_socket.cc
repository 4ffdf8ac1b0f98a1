#include "controlplane/appliance/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

absl::Status BindError(const SocketAddress& address, int error) {
  const std::string place = address.ToString();
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat(
          place,
          " is in use by another process (ss -ltnp shows which); stop "
          "it, or listen on another address"));
    case EACCES:
      return absl::PermissionDeniedError(
          absl::StrCat(place,
                       ": no permission; ports below 1024 need "
                       "CAP_NET_BIND_SERVICE, a path a writable directory"));
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return absl::NotFoundError(absl::StrCat(
          place, " is not an address of this machine (ip addr shows them)"));
    default:
      return absl::ErrnoToStatus(error, absl::StrCat(place, ": bind"));
  }
}

// A bound socket, or -1 with errno.
int Bound(const sockaddr* to, socklen_t size) {
  const int fd =
      ::socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  // Connections of an earlier process do not count.
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (to->sa_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (::bind(fd, to, size) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int BoundUnix(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  return Bound(reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

// What a TCP socket is bound to.
SocketAddress NameOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  auto* name = reinterpret_cast<sockaddr*>(&storage);
  char host[NI_MAXHOST] = {};
  char port[NI_MAXSERV] = {};
  ::getsockname(fd, name, &size);
  ::getnameinfo(name, size, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
  SocketAddress address;
  address.host = host;
  address.port = static_cast<uint16_t>(std::strtoul(port, nullptr, 10));
  return address;
}

}  // namespace

absl::StatusOr<ListenSocket> ListenSocket::Bind(const SocketAddress& address) {
  if (address.is_unix()) {
    const int fd = BoundUnix(address.path);
    if (fd < 0) return BindError(address, errno);
    return ListenSocket(fd, address);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(
      address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &list);
  if (failure != 0) {
    return absl::NotFoundError(absl::StrCat(
        address.ToString(), ": the host cannot be resolved (",
        ::gai_strerror(failure), "); write an address of this machine"));
  }
  const absl::Cleanup free_list = [list] { ::freeaddrinfo(list); };
  int error = EADDRNOTAVAIL;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    const int fd = Bound(info->ai_addr, info->ai_addrlen);
    if (fd >= 0) return ListenSocket(fd, NameOf(fd));
    error = errno;
    if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) break;
  }
  return BindError(address, error);
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(other.Release()), address_(std::move(other.address_)) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.Release();
    address_ = std::move(other.address_);
  }
  return *this;
}

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) ::close(fd_);
}

int ListenSocket::Release() { return std::exchange(fd_, -1); }

}  // namespace mosd::controlplane
