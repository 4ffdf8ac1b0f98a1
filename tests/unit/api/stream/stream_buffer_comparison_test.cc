// Receive buffers do what the obvious ones do. fuzz/stream_buffer_fuzz.cc is
// the same with chosen operations.
#include "tests/support/stream_buffer_comparison.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

namespace mosd::testing {
namespace {

// Returns how often it came to what.
StreamBufferComparison::Met Compare(uint64_t blocks, uint32_t seed) {
  StreamBufferComparison comparison(blocks);
  std::mt19937 random(seed);
  const auto number = [&] { return static_cast<uint8_t>(random()); };
  for (int step = 0; step < 4'000; ++step) {
    const uint8_t operation = number(), a = number(), b = number(),
                  c = number();
    const std::string disagreement = comparison.Step(operation, a, b, c);
    if (disagreement.empty()) continue;
    ADD_FAILURE() << disagreement << "; pool " << blocks << ", seed " << seed
                  << ", step " << step << ": " << operation % 16 << " "
                  << int{a} << " " << int{b} << " " << int{c};
    break;
  }
  EXPECT_EQ(comparison.Finish(), "");
  return comparison.met();
}

TEST(StreamBufferComparisonTest, AgreesWithTheReferenceWhenMemoryIsAmple) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    const auto met = Compare(4096, seed);
    // It was worth it.
    EXPECT_GT(met.gaps, 100u);
    EXPECT_GT(met.losses, 20u);
    EXPECT_GT(met.too_far, 100u);
    EXPECT_GT(met.differing, 100u);
    EXPECT_GT(met.filled_late, 20u);
    EXPECT_EQ(met.out_of_memory, 0u);
    EXPECT_EQ(met.pushed_out, 0u);
  }
}

TEST(StreamBufferComparisonTest, AgreesWithTheReferenceWhenThePoolIsTiny) {
  uint64_t out_of_memory = 0;
  uint64_t pushed_out = 0;
  for (const uint64_t blocks : {8u, 13u, 40u, 200u}) {
    for (uint32_t seed = 1; seed <= 3; ++seed) {
      const auto met = Compare(blocks, seed);
      out_of_memory += met.out_of_memory;
      pushed_out += met.pushed_out;
    }
  }
  EXPECT_GT(out_of_memory, 200u);
  EXPECT_GT(pushed_out, 20u);
}

}  // namespace
}  // namespace mosd::testing
