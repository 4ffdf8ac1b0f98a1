#include "controlplane/grpc/boot_identity.h"

#include "absl/random/random.h"
#include "absl/random/uniform_int_distribution.h"
#include "absl/strings/escaping.h"
#include "dataplane/flow/flow_hash.h"

namespace mosd::controlplane {
namespace {

using Key = std::array<uint8_t, 16>;

// absl::BitGen is seeded from the system and is not predictable from what it
// has put out (Randen, a backtracking-resistant generator).
Key RandomKey(absl::BitGen* random) {
  Key key;
  for (uint8_t& byte : key) byte = absl::Uniform<uint8_t>(*random);
  return key;
}

absl::string_view AsText(const Key& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

BootIdentity::BootIdentity(absl::string_view node) {
  absl::BitGen random;
  secret_ = RandomKey(&random);
  const Key boot = RandomKey(&random);
  boot_epoch_ = absl::BytesToHexString(AsText(boot));
  flow_epoch_ = static_cast<uint32_t>(
      dataplane::SipHash24(boot.data(), node.data(), node.size()));
}

uint64_t BootIdentity::Authenticate(absl::string_view data) const {
  return dataplane::SipHash24(secret_.data(), data.data(), data.size());
}

}  // namespace mosd::controlplane
