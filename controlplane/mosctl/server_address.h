// Where mosd listens: what --server may say, and where to look when it says
// nothing. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mosd::mosctl {

// The gRPC target of host:port, [v6]:port or unix:PATH. INVALID_ARGUMENT says
// what is wrong with it.
absl::StatusOr<std::string> ServerTarget(absl::string_view address);

// The sockets of a mosd started without options, in the order to try them:
// /run/mosd/mosd.sock, $XDG_RUNTIME_DIR/mosd.sock or /tmp/mosd-UID.sock.
std::vector<std::string> DefaultSockets();

// The first of `paths` where a process accepts connections, as unix:PATH. A
// socket in /tmp counts only if it belongs to this user or root, because
// anyone can make one there. UNAVAILABLE names each path and why it was passed
// over.
absl::StatusOr<std::string> FindServer(const std::vector<std::string>& paths);

}  // namespace mosd::mosctl
