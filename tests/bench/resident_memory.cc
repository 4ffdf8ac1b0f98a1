#include "tests/bench/resident_memory.h"

#include <unistd.h>

#include <fstream>

#include "tests/bench/report.h"

namespace mosd::bench {

uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  if (!(statm >> size >> resident)) Fail("/proc/self/statm says nothing");
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace mosd::bench
