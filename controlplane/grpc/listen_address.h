// Where the gRPC server listens: "unix:PATH", or "HOST:PORT" on loopback.
// Checked before gRPC gets to see it, because gRPC does not say why it cannot
// listen, and would take a socket file away from a server that runs.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::controlplane {

class ListenAddress {
 public:
  // INVALID_ARGUMENT: neither form. FAILED_PRECONDITION: a TCP address beyond
  // loopback, which would need TLS.
  static absl::StatusOr<ListenAddress> Parse(absl::string_view text);

  bool is_unix() const { return port_.empty(); }

  // What gRPC is to listen on: the address as it was given.
  const std::string& text() const { return text_; }
  // Of a Unix socket.
  const std::string& path() const { return host_or_path_; }
  // The address with the port that was bound in place of port 0.
  std::string WithPort(int port) const;

  // Whether it can be listened on now. ALREADY_EXISTS: somebody does.
  // PERMISSION_DENIED, NOT_FOUND (directory), FAILED_PRECONDITION (the path is
  // not a socket, the address is not of this host).
  absl::Status CheckFree() const;

 private:
  absl::Status CheckUnix() const;
  absl::Status CheckTcp() const;
  // `doing` and the message of `error` (an errno) as a status with its code.
  absl::Status Failure(int error, absl::string_view doing) const;

  std::string text_;
  std::string host_or_path_;  // host: without brackets
  std::string port_;          // empty: a Unix socket
};

}  // namespace mosd::controlplane
