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

// CPU time of the calling thread, ns (clock_gettime(2)).
double ThreadCpuNs();
// The same of the process.
double ProcessCpuNs();

// "12.3 (11.9 to 14.0)"
std::string Format(const Spread& spread, int decimals);

}  // namespace mosd::bench
