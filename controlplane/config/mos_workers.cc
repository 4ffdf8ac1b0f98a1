#include "controlplane/config/mos_workers.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controlplane/config/keys.h"

namespace mosd::controlplane {
namespace {

constexpr char kWorkers[] = "dataplane.workers";
constexpr char kCpus[] = "dataplane.cpus";
constexpr char kMaxFlows[] = "dataplane.max_flows";
constexpr int64_t kDefaultConcurrency = 100'000;
constexpr uint64_t kAllCpus = std::numeric_limits<uint64_t>::max();

struct Mask {
  uint64_t cpus = 0;
  int line = 0;  // 0: no mask is written
  absl::string_view key;

  void Add(const std::optional<uint64_t>& mask, int its_line,
           absl::string_view its_key) {
    if (!mask) return;
    cpus |= *mask;
    if (line == 0) line = its_line;
    key = its_key;
  }
};

Mask WrittenMask(const MosSettings& settings) {
  Mask mask;
  for (const MosSettings::Device& device : settings.devices) {
    mask.Add(device.core_mask, device.line, "netdev");
  }
  if (mask.line != 0) return mask;
  for (const MosSettings::Application& application : settings.applications) {
    mask.Add(application.cpu_mask, application.line, "application");
  }
  return mask;
}

// The `count` lowest processors of a mask; none if it has not as many.
std::vector<std::string> FirstCpus(uint64_t mask, uint32_t count) {
  std::vector<std::string> cpus;
  for (; mask != 0 && cpus.size() < count; mask &= mask - 1) {
    cpus.push_back(absl::StrCat(std::countr_zero(mask)));
  }
  if (cpus.size() < count) cpus.clear();
  return cpus;
}

std::string Hex(uint64_t mask) { return absl::StrCat("0x", absl::Hex(mask)); }

uint64_t UsableOf(const Mask& mask, uint64_t usable_cpus,
                  MosConfReport* report) {
  uint64_t used = mask.cpus & usable_cpus;
  if (used == 0) used = usable_cpus & (~usable_cpus + 1);  // the lowest
  if (used != mask.cpus && mask.cpus != kAllCpus) {
    report->Notice(
        mask.line, mask.key,
        absl::StrCat("of the processors ", Hex(mask.cpus),
                     " this process may run on ", Hex(mask.cpus & usable_cpus),
                     "; ", Hex(used), " is used"));
  }
  return used;
}

// The least that dataplane.max_flows may be.
int64_t FewestFlows() {
  int64_t fewest = 1;
  const auto* field =
      mos::v1::DataplaneConfig::descriptor()->FindFieldByName("max_flows");
  return absl::SimpleAtoi(RuleOf(*field).min(), &fewest) ? fewest : 1;
}

bool IsFromEnvironment(const ConfigBuilder& builder, const char* key) {
  return absl::StartsWith(builder.OriginOf(key), "environment ");
}

void Check(const absl::Status& status, MosConfReport* report) {
  if (!status.ok()) report->Problem(status.message());
}

}  // namespace

void SetWorkers(const MosSettings& settings, uint64_t usable_cpus,
                ConfigBuilder* builder, MosConfReport* report) {
  const Mask mask = WrittenMask(settings);
  const bool workers_are_set = IsFromEnvironment(*builder, kWorkers);
  const bool cpus_are_set = IsFromEnvironment(*builder, kCpus);
  if (mask.line == 0 || (workers_are_set && cpus_are_set)) return;
  const std::string origin = report->Place(mask.line, mask.key);
  const uint64_t used = UsableOf(mask, usable_cpus, report);
  if (!workers_are_set) {
    const int cpus = builder->config().dataplane().cpus_size();
    const int workers =
        cpus_are_set && cpus > 0 ? cpus : std::max(std::popcount(used), 1);
    Check(builder->Set(kWorkers, absl::StrCat(workers), origin), report);
  }
  if (!cpus_are_set) {
    const uint32_t workers = builder->config().dataplane().workers();
    Check(builder->SetList(kCpus, FirstCpus(used, workers), origin), report);
  }
}

void SetMaxFlows(const MosSettings& settings, ConfigBuilder* builder,
                 MosConfReport* report) {
  if (IsFromEnvironment(*builder, kMaxFlows)) return;
  const int64_t workers = builder->config().dataplane().workers();
  if (!settings.max_concurrency) {
    if (builder->OriginOf(kMaxFlows) != "default") return;
    Check(builder->Set(kMaxFlows, absl::StrCat(kDefaultConcurrency * workers),
                       "default"),
          report);
    return;
  }
  const auto& [concurrency, line] = *settings.max_concurrency;
  const int64_t fewest = FewestFlows();
  const int64_t flows = std::max(concurrency * workers, fewest);
  if (flows != concurrency * workers) {
    report->Notice(line, "max_concurrency",
                   absl::StrCat("the flow table has room for ", fewest));
  }
  Check(builder->Set(kMaxFlows, absl::StrCat(flows),
                     report->Place(line, "max_concurrency")),
        report);
}

uint64_t CpuMaskOf(const mos::v1::DataplaneConfig& config,
                   uint64_t usable_cpus) {
  uint64_t mask = 0;
  for (const uint32_t cpu : config.cpus()) {
    if (cpu < 64) mask |= uint64_t{1} << cpu;
  }
  for (uint32_t i = 0; config.cpus().empty() && i < config.workers(); ++i) {
    const uint64_t left = usable_cpus & ~mask;
    mask |= left & (~left + 1);
  }
  return mask != 0 ? mask : 1;
}

}  // namespace mosd::controlplane
