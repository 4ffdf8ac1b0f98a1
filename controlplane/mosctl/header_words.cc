#include "controlplane/mosctl/header_words.h"

#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace mosd::mosctl {

std::string MacText(const MacAddress& mac) {
  return absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                         mac[2], mac[3], mac[4], mac[5]);
}

std::string TypeText(uint16_t type) {
  switch (type) {
    case 0x0800:
      return "IPv4";
    case 0x86dd:
      return "IPv6";
    case 0x0806:
      return "ARP";
    default:
      return absl::StrFormat("type 0x%04x", type);
  }
}

std::string ProtocolText(uint8_t protocol) {
  return protocol == 6 ? "TCP" : absl::StrCat("protocol ", protocol);
}

const char* ChecksumText(Checksum checksum) {
  switch (checksum) {
    case Checksum::kRight:
      return "checksum right";
    case Checksum::kWrong:
      return "checksum wrong (or left to the network card)";
    case Checksum::kUnknown:
      break;
  }
  return "checksum not checked";
}

std::string TrafficClass(uint8_t dscp, uint8_t ecn) {
  constexpr std::array<const char*, 4> kEcn = {"not-ECT", "ECT(1)", "ECT(0)",
                                               "CE"};
  return absl::StrCat("DSCP ", dscp, ", ", kEcn[ecn & 3]);
}

const char* ExtensionName(uint8_t type) {
  switch (type) {
    case 0:
      return "hop-by-hop options";
    case 43:
      return "routing";
    case 44:
      return "fragment";
    case 51:
      return "authentication";
    case 60:
      return "destination options";
    case 135:
      return "mobility";
    case 139:
      return "host identity";
    default:
      return "shim6";
  }
}

std::string FlagsText(uint16_t flags) {
  constexpr std::array<const char*, 9> kNames = {
      "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"};
  std::vector<const char*> set;
  for (size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((flags >> bit & 1) != 0) set.push_back(kNames[bit]);
  }
  return set.empty() ? "none" : absl::StrJoin(set, " ");
}

}  // namespace mosd::mosctl
