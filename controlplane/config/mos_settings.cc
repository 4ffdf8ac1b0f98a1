#include "controlplane/config/mos_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "controlplane/config/nearest.h"

namespace mosd::controlplane {
namespace {

struct NumberKey {
  absl::string_view name;
  std::optional<WrittenValue<int64_t>> MosSettings::*field;
  int64_t min;
  int64_t max;
  absl::string_view unit;
};

constexpr int64_t kMostInt = std::numeric_limits<int32_t>::max();

// What struct mtcp_conf has an int for cannot be more than that.
constexpr std::array kNumberKeys = {
    NumberKey{"forward", &MosSettings::forward, 0, 1, ""},
    NumberKey{"no_ring_buffers", &MosSettings::no_ring_buffers, 0, 1, ""},
    NumberKey{"max_concurrency", &MosSettings::max_concurrency, 1, 100'000'000,
              " flows"},
    NumberKey{"rmem_size", &MosSettings::rmem_size, 1, 1 << 30, " bytes"},
    NumberKey{"wmem_size", &MosSettings::wmem_size, 1, 1 << 30, " bytes"},
    NumberKey{"tcp_timeout", &MosSettings::tcp_timeout, -1, kMostInt,
              " seconds (-1: never)"},
    NumberKey{"tcp_tw_interval", &MosSettings::tcp_tw_interval, -1, kMostInt,
              " seconds (-1: never)"},
};

// Known to mOS, and of no use here.
constexpr std::array<absl::string_view, 7> kUnusedKeys = {
    "nb_mem_channels", "stat_print", "mos_log",    "port",
    "multiprocess",    "arp_table",  "route_table"};

absl::string_view Unquoted(absl::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

// A device may begin with a digit, too: a PCI address.
bool LooksLikeMask(absl::string_view word) {
  return word == "-1" ||
         (absl::ascii_isdigit(static_cast<unsigned char>(word[0])) &&
          !absl::StrContains(word, ':'));
}

// An unsigned number as C writes it.
std::optional<uint64_t> ParseMask(absl::string_view text) {
  int base = 10;
  if (absl::StartsWithIgnoreCase(text, "0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::optional<int64_t> ParseNumber(absl::string_view text) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  const std::optional<uint64_t> number = ParseMask(text);
  if (!number || *number > std::numeric_limits<int64_t>::max()) {
    return std::nullopt;
  }
  const auto value = static_cast<int64_t>(*number);
  return negative ? -value : value;
}

class Reader {
 public:
  explicit Reader(MosConfReport* report) : report_(*report) {}

  MosSettings Read(const MosConfNode& file) {
    for (const MosConfNode& node : file.children) {
      if (node.is_block && node.Key() == "mos") {
        for (const MosConfNode& child : node.children) ReadMosKey(child);
      } else if (node.is_block && node.Key() == "application") {
        ReadApplication(node);
      } else {
        NoteOnce(node, "",
                 node.is_block
                     ? "unknown block, ignored; mos and application are known"
                     : "stands outside of mos { } and application { }, "
                       "ignored");
      }
    }
    return std::move(settings_);
  }

 private:
  void ReadMosKey(const MosConfNode& node) {
    const absl::string_view key = node.Key();
    for (const NumberKey& number : kNumberKeys) {
      if (key == number.name) return ReadNumberKey(node, number);
    }
    if (key == "netdev") {
      ReadTable(node, [this](const MosConfNode& row) { ReadDevices(row); });
    } else if (key == "nic_forward_table") {
      ReadTable(node, [this](const MosConfNode& row) { ReadPair(row); });
    } else if (key == "lastpkt") {
      ReadLastPacket(node);
    } else if (key == "appliance") {
      if (!HasValue(node, "the name of a YAML file")) return;
      NoteSecond(node, settings_.appliance);
      settings_.appliance = WrittenValue<std::string>{
          std::string(Unquoted(node.Value())), node.line};
    } else if (std::find(kUnusedKeys.begin(), kUnusedKeys.end(), key) !=
               kUnusedKeys.end()) {
      NoteOnce(node, "mos.", "is not used by a monitor");
    } else {
      NoteOnce(node, "mos.",
               absl::StrCat("unknown key, ignored", Suggest(key)));
    }
  }

  static std::string Suggest(absl::string_view key) {
    std::vector<std::string> names = {"netdev", "nic_forward_table", "lastpkt",
                                      "appliance"};
    for (const NumberKey& number : kNumberKeys) names.emplace_back(number.name);
    const std::string nearest = Nearest(key, names);
    return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
  }

  void ReadNumberKey(const MosConfNode& node, const NumberKey& key) {
    const std::string range = absl::StrCat(key.min, " to ", key.max, key.unit);
    if (!HasValue(node, range)) return;
    const absl::string_view text = Unquoted(node.Value());
    const std::optional<int64_t> number = ParseNumber(text);
    if (!number || *number < key.min || *number > key.max) {
      report_.Problem(
          node.line, key.name,
          absl::StrCat("must be ", range, ", not \"", ShownText(text), "\""));
      return;
    }
    NoteSecond(node, settings_.*key.field);
    settings_.*key.field = WrittenValue<int64_t>{*number, node.line};
  }

  void ReadLastPacket(const MosConfNode& node) {
    if (!HasValue(node, "per_side or current")) return;
    const absl::string_view value = Unquoted(node.Value());
    if (value != "per_side" && value != "current") {
      report_.Problem(node.line, node.Key(),
                      absl::StrCat("must be per_side or current, not \"",
                                   ShownText(value), "\""));
      return;
    }
    NoteSecond(node, settings_.last_packet_is_current);
    settings_.last_packet_is_current =
        WrittenValue<bool>{value == "current", node.line};
  }

  template <typename ReadRow>
  void ReadTable(const MosConfNode& node, ReadRow read_row) {
    if (!node.is_block) {
      report_.Problem(
          node.line, node.Key(),
          absl::StrCat("must be a block: ", node.Key(), " { ... }"));
      return;
    }
    for (const MosConfNode& row : node.children) {
      if (row.is_block) {
        report_.Problem(row.line, node.Key(), "must not have blocks in it");
      } else {
        read_row(row);
      }
    }
  }

  // "device mask", also several of them in one line; the mask may be missing.
  void ReadDevices(const MosConfNode& row) {
    bool mask_may_follow = false;
    for (const absl::string_view word : Words(row)) {
      if (!mask_may_follow || !LooksLikeMask(word)) {
        if (settings_.devices.size() == kMaxMosDevices) {
          report_.Problem(
              row.line, "netdev",
              absl::StrCat("names more than ", kMaxMosDevices, " devices"));
          return;
        }
        settings_.devices.push_back({std::string(word), {}, row.line});
        mask_may_follow = true;
        continue;
      }
      mask_may_follow = false;
      settings_.devices.back().core_mask = ReadMask(word, row.line, "netdev");
    }
  }

  void ReadPair(const MosConfNode& row) {
    const std::vector<absl::string_view> words = Words(row);
    if (words.size() != 2) {
      report_.Problem(row.line, "nic_forward_table",
                      absl::StrCat("must have two devices in a line, not \"",
                                   ShownText(row.text), "\""));
      return;
    }
    settings_.pairs.push_back(
        {std::string(words[0]), std::string(words[1]), row.line});
  }

  void ReadApplication(const MosConfNode& block) {
    if (settings_.applications.size() == kMaxMosApplications) {
      if (too_many_applications_) return;
      too_many_applications_ = true;
      report_.Problem(
          block.line, "application",
          absl::StrCat("there are more than ", kMaxMosApplications));
      return;
    }
    MosSettings::Application application;
    application.line = block.line;
    for (const MosConfNode& node : block.children) {
      ReadApplicationKey(node, &application);
    }
    settings_.applications.push_back(std::move(application));
  }

  void ReadApplicationKey(const MosConfNode& node,
                          MosSettings::Application* application) {
    const absl::string_view key = node.Key();
    if (key == "type") {
      if (!HasValue(node, "monitor")) return;
      application->type = std::string(Unquoted(node.Value()));
      if (application->type != "monitor") {
        NoteOnce(node, "application.",
                 "there are monitors only; it is taken for one");
      }
    } else if (key == "run") {
      // Quotes are for whoever splits it.
      if (HasValue(node, "a command")) {
        application->run = std::string(node.Value());
      }
    } else if (key == "cpu_mask" || key == "core_mask") {
      if (!HasValue(node, "a mask such as 0x3")) return;
      application->cpu_mask =
          ReadMask(Unquoted(node.Value()), node.line, node.Key());
    } else if (key == "ip_forward") {
      if (!HasValue(node, "0 or 1")) return;
      const std::optional<int64_t> number = ParseNumber(node.Value());
      if (number != 0 && number != 1) {
        report_.Problem(node.line, key,
                        absl::StrCat("must be 0 or 1, not \"",
                                     ShownText(node.Value()), "\""));
      }
      application->ip_forward = number != 0;
    } else {
      NoteOnce(node, "application.", "unknown key, ignored");
    }
  }

  // mOS takes -1 for all processors.
  std::optional<uint64_t> ReadMask(absl::string_view text, int line,
                                   absl::string_view key) {
    if (text == "-1") return std::numeric_limits<uint64_t>::max();
    const std::optional<uint64_t> mask = ParseMask(text);
    if (!mask) {
      report_.Problem(line, key,
                      absl::StrCat("the mask must be like 0x3, at most 64 "
                                   "bits, not \"",
                                   ShownText(text), "\""));
    }
    return mask;
  }

  static std::vector<absl::string_view> Words(const MosConfNode& row) {
    return absl::StrSplit(row.text, absl::ByAnyChar(" \t\r\v\f"),
                          absl::SkipEmpty());
  }

  bool HasValue(const MosConfNode& node, absl::string_view expected) {
    if (!node.is_block && !node.Value().empty()) return true;
    report_.Problem(node.line, node.Key(),
                    absl::StrCat(node.is_block ? "is a block; write "
                                               : "has no value; write ",
                                 node.Key(), " = ", expected));
    return false;
  }

  template <typename T>
  void NoteSecond(const MosConfNode& node, const std::optional<T>& first) {
    if (!first) return;
    report_.Notice(node.line, node.Key(),
                   absl::StrCat("counts; line ", first->line,
                                " has it too and is ignored"));
  }

  void NoteOnce(const MosConfNode& node, absl::string_view scope,
                absl::string_view reason) {
    if (noted_.insert(absl::StrCat(scope, node.Key())).second) {
      report_.Notice(node.line, node.Key(), reason);
    }
  }

  MosConfReport& report_;
  MosSettings settings_;
  bool too_many_applications_ = false;
  std::set<std::string> noted_;
};

}  // namespace

MosSettings ReadMosSettings(const MosConfNode& file, MosConfReport* report) {
  return Reader(report).Read(file);
}

}  // namespace mosd::controlplane
