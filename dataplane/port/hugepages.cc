#include "dataplane/port/hugepages.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace mosd::dataplane {
namespace {

std::optional<uint64_t> NumberIn(const std::filesystem::path& file) {
  uint64_t number;
  std::ifstream stream(file);
  if (!(stream >> number)) return std::nullopt;
  return number;
}

// Of a folder's name, such as hugepages-2048kB.
uint64_t PageKiB(const std::string& name) {
  const size_t dash = name.find('-');
  uint64_t kib = 0;
  if (dash != name.npos) {
    std::from_chars(name.data() + dash + 1, name.data() + name.size(), kib);
  }
  return kib;
}

// Control group version 2, as containers see theirs. "max" is no number.
uint64_t GroupLimitBytes(const std::string& root, uint64_t page_kib) {
  const std::string size = page_kib >= 1 << 20
                               ? std::to_string(page_kib >> 20) + "GB"
                               : std::to_string(page_kib >> 10) + "MB";
  return NumberIn(root + "/sys/fs/cgroup/hugetlb." + size + ".max")
      .value_or(UINT64_MAX);
}

}  // namespace

std::vector<HugepagePool> HugepagePools(const std::string& root) {
  std::vector<HugepagePool> pools;
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator(
           root + "/sys/kernel/mm/hugepages", ignored)) {
    const uint64_t page_kib = PageKiB(folder.path().filename().string());
    const uint64_t free_pages =
        NumberIn(folder.path() / "free_hugepages").value_or(0);
    pools.push_back({page_kib * 1024,
                     NumberIn(folder.path() / "nr_hugepages").value_or(0),
                     std::min(page_kib * 1024 * free_pages,
                              GroupLimitBytes(root, page_kib))});
  }
  std::ranges::sort(pools, {}, &HugepagePool::page_bytes);
  return pools;
}

uint64_t FreeHugepageBytes() {
  uint64_t bytes = 0;
  for (const HugepagePool& pool : HugepagePools()) bytes += pool.free_bytes;
  return bytes;
}

}  // namespace mosd::dataplane
