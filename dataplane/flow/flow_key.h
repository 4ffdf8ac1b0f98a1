// The identity of a connection on the wire: its two endpoints, in one
// canonical order, so that both directions have the same key. VLAN tags are
// not part of it: a mirror may tag the two directions differently.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dataplane/packet/wire.h"

namespace mosd::dataplane {

enum class IpVersion : uint8_t { kIpv4 = 4, kIpv6 = 6 };

// An address and a port. IPv4 stands in the first 4 bytes, the rest is zero.
struct Endpoint {
  std::array<uint8_t, 16> address;  // network order
  uint16_t port;                    // host order

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// 40 bytes without padding, so that it can be hashed and compared as words.
struct FlowKey {
  std::array<uint8_t, 16> address[2];  // network order; [0] <= [1] with port
  uint16_t port[2];                    // host order
  IpVersion version;
  uint8_t zero[3];

  Endpoint endpoint(size_t index) const {
    return Endpoint{address[index], port[index]};
  }

  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return std::memcmp(&a, &b, sizeof(FlowKey)) == 0;
  }
};

static_assert(sizeof(FlowKey) == 40);
static_assert(std::has_unique_object_representations_v<FlowKey>);

// Half of a key: the first 4 bytes of each address, and the ports. Of IPv4 it
// is all but the version, for the other half is zeros.
struct FlowKeyHead {
  uint64_t addresses;  // of [0], then of [1]
  uint32_t ports;      // as FlowKey has them

  static FlowKeyHead Of(const FlowKey& key) {
    FlowKeyHead head;
    auto* const to = reinterpret_cast<uint8_t*>(&head.addresses);
    std::memcpy(to, key.address[0].data(), 4);
    std::memcpy(to + 4, key.address[1].data(), 4);
    std::memcpy(&head.ports, key.port, sizeof(head.ports));
    return head;
  }

  // The key of IPv4. Addresses are stored at once, zeros included: whoever
  // hashes the key right away would else wait for its pieces to come together.
  FlowKey Ipv4() const {
    using Address = uint32_t __attribute__((vector_size(16)));
    const Address first = {static_cast<uint32_t>(addresses), 0, 0, 0};
    const Address second = {static_cast<uint32_t>(addresses >> 32), 0, 0, 0};
    FlowKey key;
    std::memcpy(key.address[0].data(), &first, sizeof(first));
    std::memcpy(key.address[1].data(), &second, sizeof(second));
    // With what stands behind the ports, at once as well.
    const uint64_t rest =
        ports | uint64_t{static_cast<uint8_t>(IpVersion::kIpv4)} << 32;
    static_assert(offsetof(FlowKey, version) == offsetof(FlowKey, port) + 4);
    std::memcpy(key.port, &rest, sizeof(rest));
    return key;
  }
};
static_assert(sizeof(FlowKeyHead::ports) == sizeof(FlowKey::port));

// The other half: the last 12 bytes of each address.
struct FlowKeyTail {
  std::array<uint8_t, 24> bytes;

  static FlowKeyTail Of(const FlowKey& key) {
    FlowKeyTail tail;
    std::memcpy(tail.bytes.data(), key.address[0].data() + 4, 12);
    std::memcpy(tail.bytes.data() + 12, key.address[1].data() + 4, 12);
    return tail;
  }
  friend bool operator==(const FlowKeyTail&, const FlowKeyTail&) = default;

  // The key of IPv6 of `head` and this.
  FlowKey With(const FlowKeyHead& head) const {
    FlowKey key = head.Ipv4();
    std::memcpy(key.address[0].data() + 4, bytes.data(), 12);
    std::memcpy(key.address[1].data() + 4, bytes.data() + 12, 12);
    key.version = IpVersion::kIpv6;
    return key;
  }
};

// Whether `a` comes after `b` in canonical order: by address, then port.
inline bool ComesAfter(const Endpoint& a, const Endpoint& b) {
  const auto word = [](const Endpoint& endpoint, size_t at) {
    return wire::Load<uint64_t>(endpoint.address.data() + at);
  };
  if (word(a, 0) != word(b, 0)) return word(a, 0) > word(b, 0);
  if (word(a, 8) != word(b, 8)) return word(a, 8) > word(b, 8);
  return a.port > b.port;
}

// Puts two endpoints in canonical order.
// `*source_index` is the place, 0 or 1, where `source` ended up; it is 0 when
// the two are equal.
inline FlowKey MakeFlowKey(IpVersion version, const Endpoint& source,
                           const Endpoint& destination, size_t* source_index) {
  const size_t place = ComesAfter(source, destination) ? 1 : 0;
  // Placed by number, not by a branch: which way a segment goes is chance.
  FlowKey key;
  key.address[place] = source.address;
  key.address[1 - place] = destination.address;
  key.port[place] = source.port;
  key.port[1 - place] = destination.port;
  key.version = version;
  key.zero[0] = key.zero[1] = key.zero[2] = 0;
  *source_index = place;
  return key;
}

}  // namespace mosd::dataplane
