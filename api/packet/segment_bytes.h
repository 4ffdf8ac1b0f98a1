// Fields of a TCP segment that is being written: lengths and checksums, at
// their places in the headers. Pure functions, any thread; the caller has seen
// to it that the headers are there. Sizes in bytes, numbers in host order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/flow/flow_key.h"

namespace mosd::api {

// The fixed part of each header, and the most that its length field can state.
inline constexpr size_t kIpv4HeaderBytes = 20;
inline constexpr size_t kIpv6HeaderBytes = 40;
inline constexpr size_t kTcpHeaderBytes = 20;
inline constexpr size_t kMaxStatedHeaderBytes = 60;

inline size_t IpHeaderBytes(dataplane::IpVersion version) {
  return version == dataplane::IpVersion::kIpv4 ? kIpv4HeaderBytes
                                                : kIpv6HeaderBytes;
}

// The longest packet that an IP header can state, this header included.
size_t MaxIpBytes(dataplane::IpVersion version);

void Store16(uint8_t* to, size_t value);
void Store32(uint8_t* to, uint32_t value);

// Total length, or payload length, of a packet of at most MaxIpBytes().
void StoreIpLength(uint8_t* ip, dataplane::IpVersion version, size_t ip_bytes);

// RFC 791 section 3.1, over the whole header with its options.
void StoreIpv4Checksum(std::span<uint8_t> header);

// RFC 9293 section 3.1 and RFC 8200 section 8.1, over the addresses as they
// stand in the header at `ip`; `segment` is the TCP header and all the payload.
void StoreTcpChecksum(const uint8_t* ip, dataplane::IpVersion version,
                      std::span<uint8_t> segment);

}  // namespace mosd::api
