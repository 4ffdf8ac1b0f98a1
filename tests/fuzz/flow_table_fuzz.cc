// The flow table against the obvious one. An input is a sequence of operations
// of three bytes each.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/flow_table_comparison.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mosd::testing::FlowTableComparison comparison;
  for (size_t at = 0; at + 3 <= size; at += 3) {
    const std::string disagreement =
        comparison.Step(data[at], data[at + 1], data[at + 2]);
    if (!disagreement.empty()) {
      std::fprintf(stderr, "tables differ at byte %zu: %s\n", at,
                   disagreement.c_str());
      std::abort();
    }
  }
  return 0;
}
