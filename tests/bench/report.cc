#include "tests/bench/report.h"

#include <cstdio>
#include <cstdlib>

namespace mosd::bench {

void Print(const Row& row) {
  const char* const reached = !row.reached.has_value() ? ""
                              : *row.reached           ? "yes"
                                                       : "no";
  std::printf("| %s | %s | %s | %s | %s | %s |\n", row.measure.c_str(),
              row.target.c_str(), row.measured.c_str(), row.baseline.c_str(),
              row.ratio.c_str(), reached);
  std::fflush(stdout);
}

std::string Grouped(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

void Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

}  // namespace mosd::bench
