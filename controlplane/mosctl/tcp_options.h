// TCP options in words: RFC 9293 (section 3.1), 7323, 2018, 2385, 5482, 5925,
// 7413, 8684. Numbers and names are IANA's. Pure, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mosd::mosctl {

struct TcpOption {
  uint8_t kind = 0;
  // Printable ASCII, such as "MSS 1460" or "unknown (kind 77): 0102".
  std::string text;
};

// `bytes` lie between the fixed header and the payload and may be cut off. An
// option whose length is a lie ends the list and says so.
std::vector<TcpOption> DecodeTcpOptions(std::span<const uint8_t> bytes);

}  // namespace mosd::mosctl
