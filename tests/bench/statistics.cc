#include "tests/bench/statistics.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace mosd::bench {
namespace {

double ReadNs(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

}  // namespace

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 != 0
                            ? values[middle]
                            : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

double ThreadCpuNs() { return ReadNs(CLOCK_THREAD_CPUTIME_ID); }

double ProcessCpuNs() { return ReadNs(CLOCK_PROCESS_CPUTIME_ID); }

std::string Format(const Spread& spread, int decimals) {
  char text[96];
  std::snprintf(text, sizeof(text), "%.*f (%.*f to %.*f)", decimals,
                spread.median, decimals, spread.lowest, decimals,
                spread.highest);
  return text;
}

}  // namespace mosd::bench
