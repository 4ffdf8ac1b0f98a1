// What a server says to a TLS handshake, for a message that tells the user what
// is wrong: gRPC only knows that a connection was closed. One thread.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace mosd::mosctl {

struct TlsAnswer {
  bool speaks_tls = false;
  bool asks_for_certificate = false;  // the client's
  // Why its certificate is not trusted: OpenSSL's words; empty: it is.
  std::string distrust;
};

// Connects to `server` (host:port) and shakes hands, with no certificate of
// one's own; takes `timeout` at most. `authorities` is PEM text; empty: those
// of the system.
TlsAnswer AskForTls(const std::string& server, const std::string& authorities,
                    absl::Duration timeout);

}  // namespace mosd::mosctl
