// Certificates and keys in PEM files, read and checked before TLS sees them:
// what a library says of a wrong one names neither the file nor the reason.
// Both ends of gRPC use it. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace mosd::tls {

// Where they are. Empty: none.
struct PemPaths {
  std::string certificate;  // one's own and the intermediate ones behind it
  std::string key;          // of the first of them; not encrypted
  std::string authorities;  // whose certificates the peer's must lead to
};

// What they hold.
struct PemTexts {
  std::string certificate;
  std::string key;
  std::string authorities;
  // When one's own, or an intermediate one, is the first to expire; and when
  // the last of the authorities does. Infinite where there is none.
  absl::Time certificate_expiry = absl::InfiniteFuture();
  absl::Time authorities_expiry = absl::InfiniteFuture();
};

// Reads all that `paths` names: every certificate can be parsed, and the key is
// that of the first one. That something has expired, or is not valid yet, is no
// error: the peer will say so, and an appliance works without. NOT_FOUND,
// PERMISSION_DENIED, or INVALID_ARGUMENT; the message names the file and what
// to do.
absl::StatusOr<PemTexts> ReadPem(const PemPaths& paths);

}  // namespace mosd::tls
