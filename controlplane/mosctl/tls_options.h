// TLS on the way to mosd, as the command line and the environment say. One
// thread.
#pragma once

#include <string>

#include "controlplane/tls/pem.h"

namespace CLI {
class App;
}

namespace mosd::mosctl {

struct TlsOptions {
  bool wanted = false;  // --tls, which the others imply
  std::string authorities;
  std::string certificate;
  std::string key;
  std::string server_name;  // in the server's certificate; empty: its host

  bool on() const {
    return wanted || !authorities.empty() || !certificate.empty() ||
           !key.empty() || !server_name.empty();
  }
  tls::PemPaths paths() const { return {certificate, key, authorities}; }
};

// --tls, --cacert, --cert, --key and --server-name.
void AddTlsOptions(CLI::App* app, TlsOptions* options);

}  // namespace mosd::mosctl
