#include "controlplane/flow_filter/filter_value.h"

#include <arpa/inet.h>

#include <limits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

using dataplane::IpVersion;
using Kind = FilterTokenKind;
using Op = FilterStep::Op;

// A network's address; fewer than four numbers are an IPv4 network's leading
// bytes, which are then all of it unless a mask follows.
struct Network {
  FilterAddress address;
  std::optional<uint32_t> implied_bits;
};

std::optional<Network> ParseNetwork(absl::string_view word) {
  if (const auto address = ParseFilterAddress(word)) {
    return Network{*address, address->bits()};
  }
  Network network{{IpVersion::kIpv4, {}}, std::nullopt};
  uint32_t bytes = 0;
  while (true) {
    const size_t dot = word.find('.');
    const auto number = ParseFilterNumber(word.substr(0, dot), 255);
    if (!number || bytes == 3) return std::nullopt;
    network.address.bytes[bytes++] = static_cast<uint8_t>(*number);
    if (dot == absl::string_view::npos) break;
    word.remove_prefix(dot + 1);
  }
  // To pcap, "net 0" is a host: it needs to be said which network is meant.
  if (bytes > 1 || network.address.bytes[0] != 0) {
    network.implied_bits = 8 * bytes;
  }
  return network;
}

void SetMask(uint32_t bits, FilterStep* step) {
  for (uint32_t bit = 0; bit < bits; ++bit) {
    step->mask[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
  }
}

bool TakeHost(FilterCursor* cursor, FilterStep* step,
              std::string* expectation) {
  const auto address = cursor->At(Kind::kWord)
                           ? ParseFilterAddress(cursor->token().text)
                           : std::nullopt;
  if (!address) {
    *expectation = "expected an address after 'host'";
    return false;
  }
  step->op = Op::kAddress;
  step->version = address->version;
  step->address = address->bytes;
  step->mask.fill(0xff);
  cursor->Advance();
  return true;
}

// The mask of `network`, whose word the cursor is at and leaves. `suffix` is
// what follows the word's slash, if it has one.
bool TakeMask(const Network& network, std::optional<absl::string_view> suffix,
              FilterCursor* cursor, FilterStep* step,
              std::string* expectation) {
  if (suffix) {
    const auto bits = ParseFilterNumber(*suffix, network.address.bits());
    if (!bits) {
      *expectation =
          absl::StrCat("expected 0 to ", network.address.bits(), " after '/'");
      return false;
    }
    SetMask(*bits, step);
    return true;
  }
  FilterCursor next = *cursor;
  next.Advance();
  if (!next.TakeWord("mask")) {
    if (!network.implied_bits) {
      *expectation = "expected /BITS after the network";
      return false;
    }
    SetMask(*network.implied_bits, step);
    return true;
  }
  *cursor = next;
  const auto mask = cursor->At(Kind::kWord)
                        ? ParseFilterAddress(cursor->token().text)
                        : std::nullopt;
  if (!mask || mask->version != network.address.version) {
    *expectation = "expected an address of the same family after 'mask'";
    return false;
  }
  step->mask = mask->bytes;
  return true;
}

bool TakeNet(FilterCursor* cursor, FilterStep* step, std::string* expectation) {
  const absl::string_view word = cursor->token().text;
  const size_t slash = word.find('/');
  const auto network = cursor->At(Kind::kWord)
                           ? ParseNetwork(word.substr(0, slash))
                           : std::nullopt;
  if (!network) {
    *expectation =
        "expected ADDRESS/BITS, or ADDRESS mask ADDRESS, after 'net'";
    return false;
  }
  std::optional<absl::string_view> suffix;
  if (slash != absl::string_view::npos) suffix = word.substr(slash + 1);
  if (!TakeMask(*network, suffix, cursor, step, expectation)) return false;
  for (size_t i = 0; i < step->mask.size(); ++i) {
    if ((network->address.bytes[i] & ~step->mask[i]) != 0) {
      *expectation = "the network address has bits outside its mask";
      return false;
    }
  }
  step->op = Op::kAddress;
  step->version = network->address.version;
  step->address = network->address.bytes;
  cursor->Advance();
  return true;
}

std::optional<uint16_t> PortNumber(absl::string_view word) {
  const auto number =
      ParseFilterNumber(word, std::numeric_limits<uint16_t>::max());
  if (!number) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

bool TakePort(FilterCursor* cursor, FilterStep* step,
              std::string* expectation) {
  const auto port = PortNumber(cursor->token().text);
  if (!port) {
    *expectation = "expected 0 to 65535 after 'port'";
    return false;
  }
  step->op = Op::kPort;
  step->low_port = step->high_port = *port;
  cursor->Advance();
  return true;
}

bool TakePortRange(FilterCursor* cursor, FilterStep* step,
                   std::string* expectation) {
  const absl::string_view word = cursor->token().text;
  const size_t dash = word.find('-');
  if (dash == absl::string_view::npos) {
    *expectation = "expected FIRST-LAST after 'portrange'";
    return false;
  }
  const auto low = PortNumber(word.substr(0, dash));
  const auto high = PortNumber(word.substr(dash + 1));
  if (!low || !high || *low > *high) {
    *expectation = "expected FIRST-LAST, 0 to 65535, after 'portrange'";
    return false;
  }
  step->op = Op::kPort;
  step->low_port = *low;
  step->high_port = *high;
  cursor->Advance();
  return true;
}

}  // namespace

std::optional<FilterAddress> ParseFilterAddress(absl::string_view word) {
  const std::string text(word);
  FilterAddress address{};
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.version = IpVersion::kIpv4;
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.version = IpVersion::kIpv6;
    return address;
  }
  return std::nullopt;
}

std::optional<uint32_t> ParseFilterNumber(absl::string_view word,
                                          uint32_t max) {
  uint32_t number;
  if (word.empty() ||
      !absl::ascii_isdigit(static_cast<unsigned char>(word[0])) ||
      (word[0] == '0' && word.size() > 1) || !absl::SimpleAtoi(word, &number) ||
      number > max) {
    return std::nullopt;
  }
  return number;
}

bool TakeFilterValue(FilterValueKind kind, FilterCursor* cursor,
                     FilterStep* step, std::string* expectation) {
  switch (kind) {
    case FilterValueKind::kNet:
      return TakeNet(cursor, step, expectation);
    case FilterValueKind::kPort:
      return TakePort(cursor, step, expectation);
    case FilterValueKind::kPortRange:
      return TakePortRange(cursor, step, expectation);
    default:
      return TakeHost(cursor, step, expectation);
  }
}

}  // namespace mosd::controlplane
