#include "controlplane/config/mos_forward_pairs.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

constexpr char kKey[] = "nic_forward_table";

std::optional<int> PortOf(const std::string& device,
                          const MosSettings& settings,
                          const mos::v1::DataplaneConfig& config) {
  for (size_t i = 0; i < settings.devices.size(); ++i) {
    if (settings.devices[i].name == device) return static_cast<int>(i);
  }
  for (int i = 0; i < config.ports_size(); ++i) {
    if (config.ports(i).device() == device) return i;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::pair<int, int>> ForwardPairs(
    const MosSettings& settings, const mos::v1::DataplaneConfig& config,
    bool forward, MosConfReport* report) {
  std::vector<std::pair<int, int>> pairs;
  const auto reject = [&](int line, const std::string& reason) {
    if (forward) {
      report->Problem(line, kKey, reason);
    } else {
      report->Notice(line, kKey, reason);
    }
  };
  const int ports = config.ports_size();
  std::vector<int> partner_of(static_cast<size_t>(ports), -1);
  for (const auto& [a_name, b_name, line] : settings.pairs) {
    const std::optional<int> a = PortOf(a_name, settings, config);
    const std::optional<int> b = PortOf(b_name, settings, config);
    if (!a || !b) {
      reject(line,
             absl::StrCat(ShownText(a ? b_name : a_name), " is not in netdev"));
      continue;
    }
    if (*a >= ports || *b >= ports) {
      report->Notice(line, kKey,
                     absl::StrCat(ShownText(*a >= ports ? a_name : b_name),
                                  " has no port: there are only ", ports));
      continue;
    }
    int& partner_of_a = partner_of[static_cast<size_t>(*a)];
    int& partner_of_b = partner_of[static_cast<size_t>(*b)];
    if (partner_of_a == *b) continue;  // "a b" and "b a"
    if (partner_of_a >= 0 || partner_of_b >= 0) {
      reject(line, absl::StrCat(ShownText(partner_of_a >= 0 ? a_name : b_name),
                                " has another partner already"));
      continue;
    }
    partner_of_a = *b;
    partner_of_b = *a;
    pairs.emplace_back(*a, *b);
  }
  return pairs;
}

}  // namespace mosd::controlplane
