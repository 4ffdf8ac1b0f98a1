// Addresses, networks and ports as a filter of flows writes them. Pure
// functions, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/flow_filter/filter_cursor.h"
#include "controlplane/flow_filter/filter_step.h"
#include "dataplane/flow/flow_key.h"

namespace mosd::controlplane {

struct FilterAddress {
  dataplane::IpVersion version;
  std::array<uint8_t, 16> bytes{};  // network order; IPv4 in the first 4

  uint32_t bits() const {
    return version == dataplane::IpVersion::kIpv4 ? 32 : 128;
  }
};

// All of an address: four numbers, or an IPv6 address.
std::optional<FilterAddress> ParseFilterAddress(absl::string_view word);

// Digits only: no sign, no blank, nothing above `max`. No leading zeros either,
// which mean octal to pcap and nothing to people.
std::optional<uint32_t> ParseFilterNumber(absl::string_view word, uint32_t max);

enum class FilterValueKind : uint8_t { kNone, kHost, kNet, kPort, kPortRange };

// Takes a value from the cursor into `step`: its op, and what that compares.
// False: sets what was expected where the cursor stands.
bool TakeFilterValue(FilterValueKind kind, FilterCursor* cursor,
                     FilterStep* step, std::string* expectation);

}  // namespace mosd::controlplane
