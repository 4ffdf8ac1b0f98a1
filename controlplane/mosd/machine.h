// What this machine has of memory, and what of it this process may take. Any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/port/hugepages.h"

namespace mosd::controlplane {

// All in bytes. None: the kernel does not say, or there is no limit.
struct Machine {
  std::optional<uint64_t> memory;
  std::optional<uint64_t> available;  // without swapping
  // The least of the limits of this process's control group and of those above
  // it, version 2 or 1.
  std::optional<uint64_t> group_limit;
  // Of locked memory; none with CAP_IPC_LOCK.
  std::optional<uint64_t> lock_limit;
  std::vector<dataplane::HugepagePool> hugepages;
  // "always", "madvise" or "never"; empty: not known.
  std::string transparent_hugepages;
};

// `root` is before /proc and /sys, for tests.
Machine ReadMachine(const std::string& root = "");

}  // namespace mosd::controlplane
