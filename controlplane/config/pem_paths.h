// What the configuration says of TLS, as the reader of certificates takes it.
// Any thread.
#pragma once

#include "controlplane/tls/pem.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

inline tls::PemPaths ToPemPaths(const mos::v1::TlsConfig& config) {
  return {.certificate = config.certificate(),
          .key = config.key(),
          .authorities = config.client_ca()};
}

}  // namespace mosd::controlplane
