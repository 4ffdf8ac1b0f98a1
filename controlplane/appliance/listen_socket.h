// A bound stream socket, TCP or Unix. Binding it ourselves tells early and
// exactly why an address cannot be had: the servers' libraries only say that
// they failed, and gRPC would share a port with another process.
// Thread-compatible.
#pragma once

#include "absl/status/statusor.h"
#include "controlplane/config/socket_address.h"

namespace mosd::controlplane {

class ListenSocket {
 public:
  // Resolves and binds; of a name with several addresses the first that this
  // machine has. Does not listen yet. A Unix path must be free (see
  // UnixSocketClaim). ALREADY_EXISTS (in use), PERMISSION_DENIED, NOT_FOUND
  // (no such name or address here), or what the system said; the message names
  // the address and what to do.
  static absl::StatusOr<ListenSocket> Bind(const SocketAddress& address);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  ~ListenSocket();

  int fd() const { return fd_; }

  // Gives the descriptor away.
  int Release();

  // What is bound: in numbers, with the real port.
  const SocketAddress& address() const { return address_; }

 private:
  ListenSocket(int fd, SocketAddress address)
      : fd_(fd), address_(std::move(address)) {}

  int fd_;
  SocketAddress address_;
};

}  // namespace mosd::controlplane
