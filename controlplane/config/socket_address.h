// An address to serve on, as it is written: host:port, [IPv6]:port or
// unix:PATH. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::controlplane {

struct SocketAddress {
  std::string path;   // of a Unix socket; empty: TCP
  std::string host;   // without brackets
  uint16_t port = 0;  // 0: any free one

  bool is_unix() const { return !path.empty(); }

  // Reached from this machine only: a Unix socket, 127.0.0.0/8, ::1 or
  // localhost.
  bool IsLocal() const;

  // As it would be written.
  std::string ToString() const;
};

// INVALID_ARGUMENT says what is wrong and how to write it.
absl::StatusOr<SocketAddress> ParseSocketAddress(absl::string_view text);

}  // namespace mosd::controlplane
