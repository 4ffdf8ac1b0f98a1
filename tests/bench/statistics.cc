#include "tests/bench/statistics.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace mosd::bench {

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 != 0
                            ? values[middle]
                            : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

std::vector<double> Ratios(const std::vector<double>& values,
                           const std::vector<double>& over) {
  std::vector<double> ratios;
  for (size_t i = 0; i < values.size(); ++i) {
    ratios.push_back(values[i] / over[i]);
  }
  return ratios;
}

double ThreadCpuNs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

std::string Format(const Spread& spread, int decimals) {
  return Format(spread, decimals, "");
}

std::string Format(const Spread& spread, int decimals, const char* unit) {
  char text[96];
  std::snprintf(text, sizeof(text), "%.*f%s%s (%.*f to %.*f)", decimals,
                spread.median, *unit == '\0' ? "" : " ", unit, decimals,
                spread.lowest, decimals, spread.highest);
  return text;
}

}  // namespace mosd::bench
