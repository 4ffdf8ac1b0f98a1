#include "controlplane/appliance/tcp_probe.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

absl::Status BindError(const ListenAddress& address, int error) {
  const std::string place = address.ToString();
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat(
          place,
          " is in use by another process (ss -ltnp shows which); stop "
          "it, or listen on another port"));
    case EACCES:
      return absl::PermissionDeniedError(absl::StrCat(
          place,
          ": no permission; ports below 1024 need CAP_NET_BIND_SERVICE"));
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return absl::NotFoundError(absl::StrCat(
          place, " is not an address of this machine (ip addr shows them)"));
    default:
      return absl::ErrnoToStatus(error, absl::StrCat(place, ": bind"));
  }
}

int TryBind(const addrinfo& info) {
  const int fd = ::socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const absl::Cleanup close_fd = [fd] { ::close(fd); };
  // As the servers do: connections of an earlier process do not count.
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (info.ai_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  return ::bind(fd, info.ai_addr, info.ai_addrlen) == 0 ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::string> ProbeTcp(const ListenAddress& address) {
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
  // A name may stand for several addresses; the first that this machine has
  // is taken, and one that is in use ends the search.
  int error = EADDRNOTAVAIL;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    error = TryBind(*info);
    if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) continue;
    if (error != 0) break;
    char host[NI_MAXHOST];
    if (::getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host),
                      nullptr, 0, NI_NUMERICHOST) != 0) {
      break;
    }
    ListenAddress numeric;
    numeric.host = host;
    numeric.port = address.port;
    return numeric.ToString();
  }
  return BindError(address, error);
}

}  // namespace mosd::controlplane
