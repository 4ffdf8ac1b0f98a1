// What the kernel has of huge pages. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mosd::dataplane {

// Huge pages of one size.
struct HugepagePool {
  uint64_t page_bytes = 0;
  uint64_t pages = 0;       // of the machine
  uint64_t free_bytes = 0;  // no more than the control group is allowed
};

// Of every size that the kernel has, the smallest first. `root` is before /sys,
// for tests.
std::vector<HugepagePool> HugepagePools(const std::string& root = "");

// Free huge pages of every size that this process may take, in bytes: those of
// the machine, but no more than its control group is allowed.
uint64_t FreeHugepageBytes();

}  // namespace mosd::dataplane
