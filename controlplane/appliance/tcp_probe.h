// Says before a server starts whether it can have its TCP address, and if not,
// why: the servers' libraries only say that they failed, and gRPC would share
// a port with another process. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "controlplane/config/listen_address.h"

namespace mosd::controlplane {

// Resolves the host and binds, for a moment. Returns the address in numbers,
// "127.0.0.1:50051". ALREADY_EXISTS (in use), PERMISSION_DENIED, NOT_FOUND (no
// such name or address here), or what bind(2) said; the message names the
// address and what to do.
absl::StatusOr<std::string> ProbeTcp(const ListenAddress& address);

}  // namespace mosd::controlplane
