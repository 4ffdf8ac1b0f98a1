#include "controlplane/mosd/machine.h"

#include <linux/capability.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace mosd::controlplane {
namespace {

// What follows `label` in its line of a file; empty: there is none.
std::string LineOf(const std::string& path, absl::string_view label) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, label)) continue;
    return std::string(absl::StripAsciiWhitespace(rest));
  }
  return "";
}

std::string FirstLine(const std::string& path) { return LineOf(path, ""); }

std::optional<uint64_t> Number(absl::string_view text) {
  uint64_t number;
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

// "MemTotal:  24000 kB"
std::optional<uint64_t> MemoryInfo(const std::string& root,
                                   absl::string_view label) {
  const std::string value = LineOf(root + "/proc/meminfo", label);
  const auto kib = Number(absl::StripSuffix(value, " kB"));
  if (!kib) return std::nullopt;
  return *kib * 1024;
}

void Lower(std::optional<uint64_t> limit, std::optional<uint64_t>* least) {
  // Version 1 says so where version 2 says "max": all of a signed number's
  // pages.
  constexpr uint64_t kNone = uint64_t{1} << 62;
  if (!limit || *limit >= kNone) return;
  *least = least->has_value() ? std::min(**least, *limit) : *limit;
}

// Of a group and of all above it, up to the one at `mount`. A container may see
// its own as the topmost one, under whatever name.
void LowerToGroups(const std::string& mount, std::string group,
                   absl::string_view file, std::optional<uint64_t>* least) {
  while (true) {
    Lower(Number(FirstLine(absl::StrCat(mount, group, "/", file))), least);
    const size_t slash = group.rfind('/');
    if (slash == group.npos) return;
    group.resize(slash);
  }
}

// cgroups(7): lines of "hierarchy:controllers:path".
std::optional<uint64_t> GroupLimit(const std::string& root) {
  std::optional<uint64_t> least;
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::vector<std::string> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(fields[1], ',');
    if (fields[1].empty()) {
      LowerToGroups(mount, fields[2], "memory.max", &least);
    } else if (std::ranges::count(controllers, "memory") != 0) {
      LowerToGroups(mount + "/memory", fields[2], "memory.limit_in_bytes",
                    &least);
    }
  }
  return least;
}

bool MayLock(const std::string& root) {
  uint64_t capabilities;
  return absl::SimpleHexAtoi(LineOf(root + "/proc/self/status", "CapEff:"),
                             &capabilities) &&
         (capabilities >> CAP_IPC_LOCK & 1) != 0;
}

// "Max locked memory   8388608   8388608   bytes"
std::optional<uint64_t> LockLimit(const std::string& root) {
  if (MayLock(root)) return std::nullopt;
  std::istringstream fields(
      LineOf(root + "/proc/self/limits", "Max locked memory"));
  std::string soft;
  fields >> soft;
  return Number(soft);
}

// "always [madvise] never"
std::string TransparentHugepages(const std::string& root) {
  const std::string line =
      FirstLine(root + "/sys/kernel/mm/transparent_hugepage/enabled");
  const size_t begin = line.find('[');
  const size_t end = line.find(']');
  if (begin == line.npos || end == line.npos || end < begin) return "";
  return line.substr(begin + 1, end - begin - 1);
}

}  // namespace

Machine ReadMachine(const std::string& root) {
  Machine machine;
  machine.memory = MemoryInfo(root, "MemTotal:");
  machine.available = MemoryInfo(root, "MemAvailable:");
  machine.group_limit = GroupLimit(root);
  machine.lock_limit = LockLimit(root);
  machine.hugepages = dataplane::HugepagePools(root);
  machine.transparent_hugepages = TransparentHugepages(root);
  return machine;
}

}  // namespace mosd::controlplane
