#include "controlplane/config/usable_cpus.h"

#include <sched.h>

#include <array>

namespace mosd::controlplane {

uint64_t UsableCpus() {
  // The kernel refuses a set that is smaller than its own, which may exceed
  // the 1,024 of cpu_set_t.
  static_assert(sizeof(unsigned long) == sizeof(uint64_t));
  std::array<unsigned long, 1024> words{};
  if (::sched_getaffinity(0, sizeof(words),
                          reinterpret_cast<cpu_set_t*>(words.data())) != 0) {
    return 0;
  }
  return words[0];
}

}  // namespace mosd::controlplane
