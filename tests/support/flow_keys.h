// Flow keys by number.
#pragma once

#include <cstdint>
#include <cstring>

#include "dataplane/flow/flow_key.h"

namespace mosd::testing {

// An IPv4 connection to 10.0.0.1:80, another one for each number.
inline dataplane::FlowKey NumberedKey(uint64_t number) {
  dataplane::Endpoint client{};
  client.address = {20, static_cast<uint8_t>(number >> 32),
                    static_cast<uint8_t>(number >> 24),
                    static_cast<uint8_t>(number >> 16)};
  client.port = static_cast<uint16_t>(number);
  dataplane::Endpoint server{};
  server.address = {10, 0, 0, 1};
  server.port = 80;
  size_t place;
  return dataplane::MakeFlowKey(dataplane::IpVersion::kIpv4, client, server,
                                &place);
}

// The number again.
inline uint64_t NumberOfKey(const dataplane::FlowKey& key) {
  const auto& address = key.address[1];  // 20.x.y.z comes after 10.0.0.1
  return uint64_t{address[1]} << 32 | uint64_t{address[2]} << 24 |
         uint64_t{address[3]} << 16 | key.port[1];
}

}  // namespace mosd::testing
