#include "controlplane/mosctl/tcp_options.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/mosctl/wire_bytes.h"

namespace mosd::mosctl {
namespace {

using Bytes = std::span<const uint8_t>;

// IANA: TCP option kind numbers.
enum Kind : uint8_t {
  kEnd = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
  kMd5 = 19,
  kUserTimeout = 28,
  kAuthentication = 29,
  kMptcp = 30,
  kFastOpen = 34,
  kExperiment1 = 253,
  kExperiment2 = 254,
};

std::string Hex(Bytes bytes) {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string Named(absl::string_view name, Bytes body) {
  return body.empty() ? std::string(name) : absl::StrCat(name, " ", Hex(body));
}

std::string SackText(Bytes body) {
  constexpr size_t kBlockBytes = 8;
  if (body.empty() || body.size() % kBlockBytes != 0) {
    return absl::StrCat("SACK of wrong length: ", Hex(body));
  }
  std::string text = "SACK";
  for (size_t at = 0; at < body.size(); at += kBlockBytes) {
    absl::StrAppend(&text, " ", Read32(body, at), "-", Read32(body, at + 4));
  }
  return text;
}

std::string UserTimeoutText(Bytes body) {
  const uint16_t value = Read16(body, 0);
  return absl::StrCat("user timeout ", value & 0x7fff,
                      (value & 0x8000) != 0 ? " min" : " s");
}

// RFC 8684, section 3, table 2 in the section on IANA.
std::string MptcpText(Bytes body) {
  constexpr const char* kSubtypes[] = {
      "MP_CAPABLE", "MP_JOIN", "DSS",          "ADD_ADDR", "REMOVE_ADDR",
      "MP_PRIO",    "MP_FAIL", "MP_FASTCLOSE", "MP_TCPRST"};
  if (body.empty()) return "MPTCP without subtype";
  const size_t subtype = body[0] >> 4;
  const std::string name = subtype < std::size(kSubtypes)
                               ? kSubtypes[subtype]
                               : absl::StrCat("subtype ", subtype);
  return absl::StrCat("MPTCP ", name, " ", Hex(body));
}

// RFC 6994: the first two or four bytes identify the experiment.
std::string ExperimentText(uint8_t kind, Bytes body) {
  constexpr uint16_t kFastOpenExperiment = 0xf989;  // RFC 7413, appendix A.2
  if (body.size() >= 2 && Read16(body, 0) == kFastOpenExperiment) {
    return Named("TFO cookie (experimental)", body.subspan(2));
  }
  return absl::StrCat("experiment (kind ", kind, ") ", Hex(body));
}

std::string OptionText(uint8_t kind, Bytes body) {
  if (kind == kMss && body.size() == 2) {
    return absl::StrCat("MSS ", Read16(body, 0));
  }
  if (kind == kWindowScale && body.size() == 1) {
    // RFC 7323, section 2.3: a shift above 14 is used as 14.
    return body[0] <= 14 ? absl::StrCat("window scale ", body[0], " (x",
                                        uint32_t{1} << body[0], ")")
                         : absl::StrCat("window scale ", body[0],
                                        " (too large, used as 14)");
  }
  if (kind == kSackPermitted && body.empty()) return "SACK permitted";
  if (kind == kSack) return SackText(body);
  if (kind == kTimestamps && body.size() == 8) {
    return absl::StrCat("timestamps ", Read32(body, 0), " echo ",
                        Read32(body, 4));
  }
  if (kind == kMd5) return Named("MD5 signature", body);
  if (kind == kUserTimeout && body.size() == 2) return UserTimeoutText(body);
  if (kind == kAuthentication && body.size() >= 2) {
    return absl::StrCat("AO key ", body[0], " next ", body[1], " MAC ",
                        Hex(body.subspan(2)));
  }
  if (kind == kMptcp) return MptcpText(body);
  if (kind == kFastOpen) {
    return body.empty() ? "TFO cookie request" : Named("TFO cookie", body);
  }
  if (kind == kExperiment1 || kind == kExperiment2) {
    return ExperimentText(kind, body);
  }
  return absl::StrCat("unknown (kind ", kind, ") ", Hex(body));
}

}  // namespace

std::vector<TcpOption> DecodeTcpOptions(std::span<const uint8_t> bytes) {
  std::vector<TcpOption> options;
  size_t at = 0;
  while (at < bytes.size()) {
    const uint8_t kind = bytes[at];
    if (kind == kEnd) {
      options.push_back({kind, "end"});
      break;
    }
    if (kind == kNop) {
      options.push_back({kind, "NOP"});
      ++at;
      continue;
    }
    const size_t left = bytes.size() - at;
    const size_t length = left >= 2 ? bytes[at + 1] : 0;
    if (length < 2 || length > left) {
      options.push_back({kind, absl::StrCat("malformed (kind ", kind, ") ",
                                            Hex(bytes.subspan(at)))});
      break;
    }
    options.push_back(
        {kind, OptionText(kind, bytes.subspan(at + 2, length - 2))});
    at += length;
  }
  return options;
}

}  // namespace mosd::mosctl
