// What is reported of a handful of repeated measurements.
#pragma once

#include <string>
#include <vector>

namespace mosd::bench {

struct Spread {
  double median;
  double lowest;
  double highest;
};

// Of at least one value.
Spread SpreadOf(std::vector<double> values);

// Values of the rounds, of what is measured and of what it is compared with.
struct Compared {
  std::vector<double> ours;
  std::vector<double> baseline;
};

// Each value over the one of the same round.
std::vector<double> Ratios(const std::vector<double>& values,
                           const std::vector<double>& over);

// CPU time of the calling thread, ns (clock_gettime(2)).
double ThreadCpuNs();
// The same of the process.
double ProcessCpuNs();

// "12.3 (11.9 to 14.0)"
std::string Format(const Spread& spread, int decimals);

// "12.3 ns (11.9 to 14.0)"
std::string Format(const Spread& spread, int decimals, const char* unit);

}  // namespace mosd::bench
