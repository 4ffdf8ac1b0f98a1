// The rows of the table that tests/bench/run writes:
//   | measure | target | measured | baseline | over it | reached |
// A benchmark prints its rows and nothing else to standard output; run puts the
// header above them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mosd::bench {

struct Row {
  std::string measure;   // "cost of a packet over rx-only, 60 B, 1,000 flows"
  std::string target;    // "at most 25 ns"; empty: none is set
  std::string measured;  // "63 ns (62 to 64)"
  std::string baseline;  // what it is compared with, "rx-only 11 ns (11 to 12)"
  std::string ratio;     // measured over baseline, "5.5 (5.4 to 5.7)"
  std::optional<bool> reached;  // whether the target is, where there is one
};

// Prints a row at once. One thread.
void Print(const Row& row);

// "1,000,000"
std::string Grouped(uint64_t number);

// Ends the program with a message: what it would report were wrong.
[[noreturn]] void Fail(const std::string& message);

}  // namespace mosd::bench
