#include "controlplane/grpc/flow_filter_value.h"

#include <arpa/inet.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace mosd::controlplane {

std::optional<FilterAddress> ParseFilterAddress(absl::string_view word) {
  const std::string text(word);
  FilterAddress address{};
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.version = dataplane::IpVersion::kIpv4;
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.version = dataplane::IpVersion::kIpv6;
    return address;
  }
  return std::nullopt;
}

std::optional<uint32_t> ParseFilterNumber(absl::string_view word,
                                          uint32_t max) {
  uint32_t number;
  if (word.empty() ||
      !absl::ascii_isdigit(static_cast<unsigned char>(word[0])) ||
      !absl::SimpleAtoi(word, &number) || number > max) {
    return std::nullopt;
  }
  return number;
}

}  // namespace mosd::controlplane
