// What makes this start of this appliance different from every other one, and
// the secret that dies with it. Immutable after construction; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace mosd::controlplane {

class BootIdentity {
 public:
  // Draws random bytes from getrandom(2). `node` is mixed into flow_epoch.
  explicit BootIdentity(absl::string_view node);

  // 32 hexadecimal digits, public.
  const std::string& boot_epoch() const { return boot_epoch_; }

  // The part of every flow id that tells appliances and starts apart.
  uint32_t flow_epoch() const { return flow_epoch_; }

  // SipHash-2-4 of `data` under a secret of this start: whoever does not know
  // it cannot make the tag of a text of their own.
  uint64_t Authenticate(absl::string_view data) const;

 private:
  std::array<uint8_t, 16> secret_;
  std::string boot_epoch_;
  uint32_t flow_epoch_;
};

}  // namespace mosd::controlplane
