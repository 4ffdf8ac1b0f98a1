#include "controlplane/mosctl/flow_reference.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controlplane/mosctl/printable.h"

namespace mosd::mosctl {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;
constexpr size_t kMaxFlowIdBytes = 128;

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(text), "\": ", why));
}

bool ParseAddress(int family, absl::string_view text, std::string* address) {
  std::array<char, kIpv6Bytes> bytes{};
  if (absl::StrContains(text, '\0'))
    return false;  // inet_pton would stop there
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) {
    return false;
  }
  address->assign(bytes.data(), family == AF_INET ? kIpv4Bytes : kIpv6Bytes);
  return true;
}

bool ParsePort(absl::string_view text, uint32_t* port) {
  constexpr uint32_t kMaxPort = 65535;
  const bool digits =
      !text.empty() && text.size() <= 5 &&
      std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  return digits && absl::SimpleAtoi(text, port) && *port <= kMaxPort;
}

bool LooksLikeId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxFlowIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '_';
         });
}

void AppendAddress(absl::string_view address, std::string* text) {
  if (address.size() == kIpv4Bytes) {
    // inet_ntop() would go through sprintf(), which a long list feels.
    const auto byte = [address](size_t at) {
      return static_cast<uint32_t>(static_cast<uint8_t>(address[at]));
    };
    absl::StrAppend(text, byte(0), ".", byte(1), ".", byte(2), ".", byte(3));
  } else if (address.size() == kIpv6Bytes) {
    std::array<char, INET6_ADDRSTRLEN> ipv6{};
    *text += inet_ntop(AF_INET6, address.data(), ipv6.data(), ipv6.size());
  } else {
    absl::StrAppend(text, "0x", absl::BytesToHexString(address));
  }
}

}  // namespace

absl::StatusOr<mos::v1::Endpoint> ParseEndpoint(absl::string_view text) {
  const bool bracketed = !text.empty() && text.front() == '[';
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos ||
      (bracketed && (colon == 0 || text[colon - 1] != ']'))) {
    return Wrong(text, "has no port; write ADDRESS:PORT");
  }
  absl::string_view host = text.substr(0, colon);
  if (!bracketed && host.find(':') != absl::string_view::npos) {
    return Wrong(text,
                 "an IPv6 address stands in brackets, as in [fd00::1]:80");
  }
  if (bracketed) host = host.substr(1, host.size() - 2);

  mos::v1::Endpoint endpoint;
  if (!ParseAddress(bracketed ? AF_INET6 : AF_INET, host,
                    endpoint.mutable_address())) {
    return Wrong(text, bracketed ? "is not an IPv6 address in brackets"
                                 : "is not an IPv4 address (host names are "
                                   "not looked up)");
  }
  uint32_t port = 0;
  if (!ParsePort(text.substr(colon + 1), &port)) {
    return Wrong(text, "the port is a number from 0 to 65535");
  }
  endpoint.set_port(port);
  return endpoint;
}

absl::StatusOr<mos::v1::FlowRef> ParseFlowReference(absl::string_view text) {
  mos::v1::FlowRef reference;
  if (LooksLikeId(text)) {
    reference.set_flow_id(std::string(text));
    return reference;
  }
  // No address holds a dash, so the first one parts the endpoints.
  const size_t dash = text.find('-');
  if (dash == absl::string_view::npos) {
    return Wrong(text,
                 "names no flow; give a flow id, or two endpoints as in "
                 "10.0.0.1:4321-10.0.0.2:80 or [fd00::1]:4321-[fd00::2]:80");
  }
  if (absl::StrContains(text.substr(dash + 1), '-')) {
    return Wrong(text, "has more than two endpoints");
  }
  absl::StatusOr<mos::v1::Endpoint> client =
      ParseEndpoint(text.substr(0, dash));
  if (!client.ok()) return client.status();
  absl::StatusOr<mos::v1::Endpoint> server =
      ParseEndpoint(text.substr(dash + 1));
  if (!server.ok()) return server.status();
  if (client->address().size() != server->address().size()) {
    return Wrong(text, "one endpoint is IPv4 and the other IPv6");
  }
  *reference.mutable_tuple()->mutable_client() = *std::move(client);
  *reference.mutable_tuple()->mutable_server() = *std::move(server);
  return reference;
}

std::string FormatAddress(absl::string_view address) {
  std::string text;
  AppendAddress(address, &text);
  return text;
}

std::string FormatEndpoint(const mos::v1::Endpoint& endpoint) {
  std::string text;
  AppendEndpoint(endpoint, &text);
  return text;
}

void AppendEndpoint(const mos::v1::Endpoint& endpoint, std::string* text) {
  const bool ipv6 = endpoint.address().size() == kIpv6Bytes;
  if (ipv6) *text += '[';
  AppendAddress(endpoint.address(), text);
  absl::StrAppend(text, ipv6 ? "]:" : ":", endpoint.port());
}

std::string FormatTuple(const mos::v1::FlowTuple& tuple) {
  return absl::StrCat(FormatEndpoint(tuple.client()), "-",
                      FormatEndpoint(tuple.server()));
}

}  // namespace mosd::mosctl
