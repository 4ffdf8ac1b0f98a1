// ParseFrame against the obvious parser. An input is two bytes, by how much the
// wire had more than was captured (little endian), then the frame.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/parser_comparison.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const mosd::testing::Bytes frame(data + 2, data + size);
  const uint32_t excess = data[0] + data[1] * 256u;
  const auto wire_bytes = static_cast<uint32_t>(frame.size()) + excess;
  const std::string disagreement =
      mosd::testing::ParserDisagreement(frame, wire_bytes);
  if (!disagreement.empty()) {
    std::fprintf(stderr, "parsers differ: %s\n", disagreement.c_str());
    std::abort();
  }
  return 0;
}
