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

// Of addresses of 4 bytes. Each is stored at once, zeros included: whoever
// hashes the key right away would else wait for its pieces to come together.
inline void SetIpv4Key(const uint8_t* source, uint16_t source_port,
                       const uint8_t* destination, uint16_t destination_port,
                       ParsedFrame* parsed) {
  using Address = uint32_t __attribute__((vector_size(16)));
  const auto rank = [](const uint8_t* address, uint16_t port) {
    return uint64_t{wire::Load<uint32_t>(address)} << 16 | port;
  };
  // The address as it is on the wire, below the port.
  const auto pack = [](const uint8_t* address, uint16_t port) {
    uint32_t as_on_the_wire;
    std::memcpy(&as_on_the_wire, address, sizeof(as_on_the_wire));
    return as_on_the_wire | uint64_t{port} << 32;
  };
  const bool swap =
      rank(source, source_port) > rank(destination, destination_port);
  // Swapped by numbers, not by a branch: which way a segment goes is chance.
  uint64_t low = pack(source, source_port);
  uint64_t high = pack(destination, destination_port);
  const uint64_t difference = (low ^ high) & (0 - uint64_t{swap});
  low ^= difference;
  high ^= difference;
  const Address first = {static_cast<uint32_t>(low), 0, 0, 0};
  const Address second = {static_cast<uint32_t>(high), 0, 0, 0};
  // port[0], port[1], version, zeros
  const uint64_t rest = low >> 32 | (high >> 32) << 16 |
                        static_cast<uint64_t>(IpVersion::kIpv4) << 32;
  static_assert(std::endian::native == std::endian::little);
  static_assert(sizeof(rest) == sizeof(FlowKey) - offsetof(FlowKey, port));
  static_assert(offsetof(FlowKey, version) == offsetof(FlowKey, port) + 4);
  FlowKey& key = parsed->key;
  std::memcpy(key.address[0].data(), &first, sizeof(first));
  std::memcpy(key.address[1].data(), &second, sizeof(second));
  std::memcpy(key.port, &rest, sizeof(rest));
  parsed->source_index = swap ? 1 : 0;
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
