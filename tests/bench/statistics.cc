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

std::vector<double> Ratios(const std::vector<double>& values,
                           const std::vector<double>& over) {
  std::vector<double> ratios;
  for (size_t i = 0; i < values.size(); ++i) {
    ratios.push_back(values[i] / over[i]);
  }
  return ratios;
}

double ThreadCpuNs() { return ReadNs(CLOCK_THREAD_CPUTIME_ID); }

double ProcessCpuNs() { return ReadNs(CLOCK_PROCESS_CPUTIME_ID); }

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
