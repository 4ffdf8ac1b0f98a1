// An authority that issues certificates for tests, as PEM text. One thread.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/time/time.h"

namespace mosd::testing {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name,
                         absl::Duration good_for = absl::Hours(48));
  ~TestAuthority();

  struct Issued {
    std::string certificate;
    std::string key;
  };
  // For TLS of either end; `good_for` from now, and may be negative. The names
  // in it are localhost and 127.0.0.1.
  Issued Issue(const std::string& name,
               absl::Duration good_for = absl::Hours(24)) const;

  // Its own certificate.
  std::string certificate() const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
};

// `key` behind a password.
std::string Encrypted(const std::string& key);

}  // namespace mosd::testing
