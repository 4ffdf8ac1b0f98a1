// Why a server cannot be reached, in words for the user. One thread.
#pragma once

#include <string>

#include "controlplane/mosctl/tls_options.h"
#include "controlplane/tls/pem.h"

namespace mosd::mosctl {

// How it was tried.
struct Connection {
  std::string server;  // host:port or unix:PATH, as the user may write it
  bool has_tls = false;
  tls::PemTexts texts;
};

struct ConnectFailure {
  std::string text;
  std::string hint;  // what to do; empty: nothing better than usual
};

// `message` is what gRPC says of a call that was UNAVAILABLE. Where that does
// not tell whether one end speaks TLS and the other does not, the server is
// asked, which may take two seconds.
ConnectFailure Explain(const Connection& connection,
                       const std::string& message);

}  // namespace mosd::mosctl
