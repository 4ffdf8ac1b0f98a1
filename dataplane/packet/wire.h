// Headers as they stand on the wire: bytes only, so that any address is
// aligned for them and no padding hides between fields. Numbers come out in
// host byte order. Immutable, any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace mosd::dataplane::wire {

// The number in network byte order that starts at `bytes`.
template <typename Number>
Number Load(const uint8_t* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof(number));
  if constexpr (std::endian::native == std::endian::big) return number;
  if constexpr (sizeof(Number) == 2) return __builtin_bswap16(number);
  if constexpr (sizeof(Number) == 4) return __builtin_bswap32(number);
  if constexpr (sizeof(Number) == 8) return __builtin_bswap64(number);
}

// A number in network byte order.
template <typename Number>
class BigEndian {
 public:
  Number value() const { return Load<Number>(bytes_); }

 private:
  uint8_t bytes_[sizeof(Number)];
};
using Be16 = BigEndian<uint16_t>;
using Be32 = BigEndian<uint32_t>;

struct Ethernet {
  uint8_t destination[6];
  uint8_t source[6];
  Be16 ether_type;
};
static_assert(sizeof(Ethernet) == 14);

// IEEE 802.1Q, behind the EtherType that announces it.
struct VlanTag {
  Be16 control;
  Be16 ether_type;
};
static_assert(sizeof(VlanTag) == 4);

// RFC 791 section 3.1, without options.
struct Ipv4 {
  uint8_t version_and_words;
  uint8_t type_of_service;
  Be16 total_bytes;
  Be16 identification;
  Be16 fragment;  // reserved, DF, MF, offset:13
  uint8_t time_to_live;
  uint8_t protocol;
  Be16 checksum;
  uint8_t addresses[8];  // source, destination

  uint8_t version() const { return version_and_words >> 4; }
  uint32_t header_bytes() const { return (version_and_words & 0x0fu) * 4; }
};
static_assert(sizeof(Ipv4) == 20);

// RFC 8200 section 3.
struct Ipv6 {
  Be32 version_class_and_label;
  Be16 payload_bytes;
  uint8_t next_header;
  uint8_t hop_limit;
  uint8_t addresses[32];  // source, destination

  uint32_t version() const { return version_class_and_label.value() >> 28; }
};
static_assert(sizeof(Ipv6) == 40);

// The first 8 bytes, which every extension header has (RFC 6564).
struct Ipv6Extension {
  uint8_t next_header;
  uint8_t length;  // in units of its own for each kind of header
  Be16 fragment;   // of a fragment header: offset:13, reserved:2, M
  Be32 rest;
};
static_assert(sizeof(Ipv6Extension) == 8);

// RFC 9293 section 3.1, without options.
struct Tcp {
  Be16 source_port;
  Be16 destination_port;
  Be32 seq;
  Be32 ack;
  uint8_t offset_and_reserved;
  uint8_t flags;
  Be16 window;
  Be16 checksum;
  Be16 urgent;

  uint32_t header_bytes() const { return (offset_and_reserved & 0xf0u) >> 2; }
  // The source's, then the destination's.
  const uint8_t* ports() const {
    return reinterpret_cast<const uint8_t*>(this);
  }
};
static_assert(sizeof(Tcp) == 20);

}  // namespace mosd::dataplane::wire
