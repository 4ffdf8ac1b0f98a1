// Where mosd serves gRPC, and where mosctl looks for it, when nobody says
// otherwise. Any thread.
#pragma once

#include <string>

namespace mosd::controlplane {

// In the service's own folder, if it has one ($RUNTIME_DIRECTORY,
// systemd.exec(5): of several the first); /run/mosd/mosd.sock for root; for
// others $XDG_RUNTIME_DIR/mosd.sock, or /tmp/mosd-UID.sock where that variable
// is not an absolute path.
std::string DefaultSocketPath();

}  // namespace mosd::controlplane
