#include "dataplane/port/device_spec.h"

#include <net/if.h>
#include <sys/un.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mosd::dataplane {
namespace {

struct KindRow {
  absl::string_view prefix;
  DeviceKind kind;
  absl::string_view argument;  // what the user is told to write
  size_t max_argument_bytes;
};

constexpr size_t kMaxRingName = 28;  // RTE_RING_NAMESIZE, less its end

constexpr std::array kKinds = {
    KindRow{"pcap:", DeviceKind::kPcap, "FILE", 4095},
    KindRow{"af_packet:", DeviceKind::kAfPacket, "IFACE", IFNAMSIZ - 1},
    KindRow{"af_xdp:", DeviceKind::kAfXdp, "IFACE", IFNAMSIZ - 1},
    KindRow{"tap:", DeviceKind::kTap, "NAME", IFNAMSIZ - 1},
    KindRow{"memif:", DeviceKind::kMemif, "SOCKET",
            sizeof(sockaddr_un::sun_path) - 1},
    KindRow{"ring:", DeviceKind::kRing, "NAME", kMaxRingName},
    KindRow{"null:", DeviceKind::kNull, "", 0},
};

absl::Status UnknownKind() {
  std::string known;
  for (const KindRow& row : kKinds) {
    absl::StrAppend(&known, row.prefix, row.argument, ", ");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown kind of device; known are ", known,
                   "a PCI address (0000:03:00.0) and dpdkN"));
}

bool IsHex(absl::string_view text, size_t min_digits, size_t max_digits) {
  return text.size() >= min_digits && text.size() <= max_digits &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

// The address with its domain, in lower case; none if `text` is not one.
std::optional<std::string> PciAddress(absl::string_view text) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() == 2) parts.insert(parts.begin(), "0000");
  if (parts.size() != 3) return std::nullopt;
  const std::vector<absl::string_view> slot = absl::StrSplit(parts[2], '.');
  if (slot.size() != 2 || !IsHex(parts[0], 4, 8) || !IsHex(parts[1], 2, 2) ||
      !IsHex(slot[0], 2, 2) || slot[0] > "1f" || slot[1].size() != 1 ||
      slot[1][0] < '0' || slot[1][0] > '7') {
    return std::nullopt;
  }
  return absl::AsciiStrToLower(
      absl::StrCat(parts[0], ":", parts[1], ":", parts[2]));
}

std::optional<std::string> DpdkNumber(absl::string_view text) {
  if (!absl::StartsWith(text, "dpdk")) return std::nullopt;
  text.remove_prefix(4);
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (text.empty() || text.size() > 4 || !digits) return std::nullopt;
  return std::string(text);
}

// What DPDK's parser of device arguments would take for something else.
bool SafeInDevargs(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
           !absl::StrContains(",=[]\"", c);
  });
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseExtra(
    absl::string_view text) {
  std::vector<std::pair<std::string, std::string>> extra;
  if (text.empty()) return extra;
  for (absl::string_view item : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    if (pair.first.empty() || pair.second.empty() ||
        !SafeInDevargs(pair.first) || !SafeInDevargs(pair.second)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", absl::CHexEscape(item), "\" is not of the form key=value"));
    }
    extra.emplace_back(pair.first, pair.second);
  }
  return extra;
}

absl::Status CheckArgument(const KindRow& row, absl::string_view argument) {
  const auto wrong = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", absl::CHexEscape(argument), "\" ", why, "; write ",
                     row.prefix, row.argument));
  };
  if (argument.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "nothing follows the colon; write ", row.prefix, row.argument));
  }
  if (argument.size() > row.max_argument_bytes) {
    return wrong(
        absl::StrCat("is longer than ", row.max_argument_bytes, " bytes"));
  }
  if (argument.find('\0') != absl::string_view::npos) {
    return wrong("contains a zero byte");
  }
  if (row.kind == DeviceKind::kPcap || row.kind == DeviceKind::kRing) {
    return absl::OkStatus();
  }
  if (!SafeInDevargs(argument)) return wrong("contains impossible characters");
  const bool interface = row.kind != DeviceKind::kMemif;
  // As the kernel's dev_valid_name().
  if (interface && (argument == "." || argument == ".." ||
                    argument.find_first_of("/:") != absl::string_view::npos)) {
    return wrong("cannot be an interface");
  }
  return absl::OkStatus();
}

absl::StatusOr<DeviceSpec> ParseOfKind(const KindRow& row,
                                       absl::string_view rest) {
  DeviceSpec spec{row.kind, "", {}};
  absl::string_view extra;
  if (row.kind == DeviceKind::kNull) {
    extra = rest;
  } else {
    const size_t comma =
        row.kind == DeviceKind::kPcap ? rest.npos : rest.find(',');
    spec.argument = std::string(rest.substr(0, comma));
    if (absl::Status status = CheckArgument(row, spec.argument); !status.ok()) {
      return status;
    }
    if (comma != rest.npos) {
      extra = rest.substr(comma + 1);
      if (extra.empty()) {
        return absl::InvalidArgumentError("nothing follows the comma");
      }
    }
  }
  auto parsed = ParseExtra(extra);
  if (!parsed.ok()) return parsed.status();
  spec.extra = *std::move(parsed);
  return spec;
}

}  // namespace

std::optional<std::string> DeviceSpec::Extra(absl::string_view key) const {
  for (auto pair = extra.rbegin(); pair != extra.rend(); ++pair) {
    if (pair->first == key) return pair->second;
  }
  return std::nullopt;
}

absl::StatusOr<DeviceSpec> ParseDeviceSpec(absl::string_view device) {
  for (const KindRow& row : kKinds) {
    if (absl::StartsWith(device, row.prefix)) {
      return ParseOfKind(row, device.substr(row.prefix.size()));
    }
  }
  if (auto address = PciAddress(device)) {
    return DeviceSpec{DeviceKind::kPci, *address, {}};
  }
  if (auto number = DpdkNumber(device)) {
    return DeviceSpec{DeviceKind::kDpdk, *number, {}};
  }
  return UnknownKind();
}

}  // namespace mosd::dataplane
