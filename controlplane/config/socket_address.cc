#include "controlplane/config/socket_address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace mosd::controlplane {
namespace {

constexpr absl::string_view kForms =
    "write HOST:PORT, [IPV6]:PORT or unix:PATH";

absl::Status Malformed(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(text), "\" ", reason, "; ", kForms));
}

absl::StatusOr<SocketAddress> ParseUnix(absl::string_view text) {
  absl::string_view path = absl::StripPrefix(text, "unix:");
  // The URI form unix:///path means the same.
  if (absl::StartsWith(path, "///")) path.remove_prefix(2);
  if (path.empty()) return Malformed(text, "has no path");
  constexpr size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kLongest) {
    return absl::InvalidArgumentError(
        absl::StrCat("the socket path has ", path.size(), " bytes; at most ",
                     kLongest, " are possible"));
  }
  SocketAddress address;
  address.path = std::string(path);
  return address;
}

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// A host name or an IPv4 address, by its characters.
bool IsName(absl::string_view host) {
  return !host.empty() && host.size() < 254 &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '-';
         });
}

}  // namespace

bool SocketAddress::IsLocal() const {
  if (is_unix() || absl::EqualsIgnoreCase(host, "localhost")) return true;
  in_addr ipv4;
  if (::inet_pton(AF_INET, host.c_str(), &ipv4) == 1) {
    return ntohl(ipv4.s_addr) >> 24 == 127;
  }
  in6_addr ipv6;
  return ::inet_pton(AF_INET6, host.c_str(), &ipv6) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&ipv6);
}

std::string SocketAddress::ToString() const {
  if (is_unix()) return absl::StrCat("unix:", path);
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

absl::StatusOr<SocketAddress> ParseSocketAddress(absl::string_view text) {
  if (absl::StartsWith(text, "unix:")) return ParseUnix(text);
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return Malformed(text, "has no port");
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);

  SocketAddress address;
  uint32_t number = 0;
  const bool digits = std::all_of(port.begin(), port.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits || !absl::SimpleAtoi(port, &number) || number > 65535) {
    return Malformed(text, "has no port from 0 to 65535 after its last colon");
  }
  address.port = static_cast<uint16_t>(number);
  if (absl::ConsumePrefix(&host, "[")) {
    address.host = std::string(host.substr(0, host.find(']')));
    if (!absl::EndsWith(host, "]") || !IsIpv6(address.host)) {
      return Malformed(text, "has no IPv6 address in its brackets");
    }
    return address;
  }
  if (absl::StrContains(host, ':')) {
    return Malformed(text, "has an IPv6 address without brackets");
  }
  if (!IsName(host)) {
    return Malformed(text, "has no host (all addresses: 0.0.0.0 or [::])");
  }
  address.host = std::string(host);
  return address;
}

}  // namespace mosd::controlplane
