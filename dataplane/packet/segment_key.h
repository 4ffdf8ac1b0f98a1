// The flow key of a TCP segment, straight from its headers: what MakeFlowKey
// makes of two endpoints, without having them copied. Any thread.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/parser.h"
#include "dataplane/packet/wire.h"

namespace mosd::dataplane {

// Of addresses of 4 bytes. `addresses` and `ports` stand in a header, those of
// the source first. `*source_index` is the place, 0 or 1, of the source.
inline FlowKeyHead MakeIpv4Key(const uint8_t* addresses, const uint8_t* ports,
                               uint8_t* source_index) {
  static_assert(std::endian::native == std::endian::little);
  FlowKeyHead key;
  std::memcpy(&key.addresses, addresses, sizeof(key.addresses));
  // The source's in the high half, and in the low one.
  const uint64_t forth = wire::Load<uint64_t>(addresses);
  const uint64_t back = std::rotl(forth, 32);
  const uint32_t port_numbers = wire::Load<uint32_t>(ports);
  bool swap = forth > back;
  if (forth == back) [[unlikely]]
    swap = port_numbers > std::rotl(port_numbers, 16);
  // Swapped by numbers, not by a branch: which way a segment goes is chance.
  const int turn = swap ? 32 : 0;
  *source_index = static_cast<uint8_t>(swap);
  key.addresses = std::rotl(key.addresses, turn);
  key.ports = std::rotl(port_numbers, 16 + turn / 2);
  return key;
}

// Of addresses of 16 bytes.
inline void SetIpv6Key(const uint8_t* source, uint16_t source_port,
                       const uint8_t* destination, uint16_t destination_port,
                       ParsedFrame* parsed) {
  struct Rank {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    auto operator<=>(const Rank&) const = default;
  };
  const auto rank = [](const uint8_t* address, uint16_t port) {
    return Rank{wire::Load<uint64_t>(address),
                wire::Load<uint64_t>(address + 8), port};
  };
  const bool swap =
      rank(source, source_port) > rank(destination, destination_port);
  const size_t from = swap ? 1 : 0;
  FlowKey& key = parsed->key;
  std::memcpy(key.address[from].data(), source, 16);
  std::memcpy(key.address[1 - from].data(), destination, 16);
  key.port[from] = source_port;
  key.port[1 - from] = destination_port;
  key.version = IpVersion::kIpv6;
  std::memset(key.zero, 0, sizeof(key.zero));
  parsed->source_index = static_cast<uint8_t>(from);
}

}  // namespace mosd::dataplane
