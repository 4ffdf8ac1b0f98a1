// What is said of gRPC's certificates in the log. One thread.
#pragma once

#include <cstdint>

#include "controlplane/tls/pem_store.h"

namespace mosd::controlplane {

class CertificateLog {
 public:
  // At the first call until when they are good, and later what has become of
  // them since the call before. To be called every second or so.
  void Report(const tls::PemState& state);

 private:
  uint64_t version_ = 0;
  uint64_t failures_ = 0;
};

}  // namespace mosd::controlplane
