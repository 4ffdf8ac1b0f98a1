// Receive buffers against the obvious ones. An input is the size of the pool
// and a sequence of operations of four bytes each.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/stream_buffer_comparison.h"

namespace {

void Check(const std::string& disagreement, size_t at) {
  if (disagreement.empty()) return;
  std::fprintf(stderr, "buffers differ at byte %zu: %s\n", at,
               disagreement.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  mosd::testing::StreamBufferComparison comparison(data[0]);
  size_t at = 1;
  for (; at + 4 <= size; at += 4) {
    Check(comparison.Step(data[at], data[at + 1], data[at + 2], data[at + 3]),
          at);
  }
  Check(comparison.Finish(), at);
  return 0;
}
