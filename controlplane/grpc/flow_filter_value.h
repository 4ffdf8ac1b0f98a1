// Addresses and numbers as the words of a flow filter write them. Pure
// functions, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "dataplane/flow/flow_key.h"

namespace mosd::controlplane {

struct FilterAddress {
  dataplane::IpVersion version;
  std::array<uint8_t, 16> bytes{};  // network order; IPv4 in the first 4

  uint32_t bits() const {
    return version == dataplane::IpVersion::kIpv4 ? 32 : 128;
  }
};

std::optional<FilterAddress> ParseFilterAddress(absl::string_view word);

// Digits only: no sign, no blank, nothing above `max`.
std::optional<uint32_t> ParseFilterNumber(absl::string_view word, uint32_t max);

}  // namespace mosd::controlplane
