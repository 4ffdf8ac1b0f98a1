#include "dataplane/port/capture_clock.h"

#include <gtest/gtest.h>

namespace mosd::dataplane {
namespace {

TEST(CaptureClock, TheFirstPassIsAsRecorded) {
  CaptureClock clock;
  for (const int64_t time : {5'000, 4'000, 9'000, 0}) {
    EXPECT_EQ(clock.Shifted(time), time);
  }
}

TEST(CaptureClock, EachPassBeginsAfterTheOneBefore) {
  CaptureClock clock;
  int64_t newest = -1;
  for (int pass = 0; pass < 100; ++pass) {
    // Not in order, as captures of several interfaces may be.
    int64_t newest_of_pass = 0;
    for (const int64_t time : {7'000'000, 5'000'000, 9'000'000}) {
      const int64_t shifted = clock.Shifted(time);
      EXPECT_GT(shifted, newest);
      newest_of_pass = std::max(newest_of_pass, shifted);
    }
    newest = newest_of_pass;
    clock.NextPass();
  }
  EXPECT_EQ(newest, 9'000'000 + 99 * (4'000'000 + CaptureClock::kGapNs));
}

TEST(CaptureClock, NeverOverflows) {
  CaptureClock clock;
  for (int pass = 0; pass < 100; ++pass) {
    for (const int64_t time : {int64_t{0}, kMaxTimeNs}) {
      const int64_t shifted = clock.Shifted(time);
      EXPECT_GE(shifted, 0);
      EXPECT_LE(shifted, kMaxTimeNs);
    }
    clock.NextPass();
  }
}

TEST(CaptureClock, APassWithoutFramesChangesNothing) {
  CaptureClock clock;
  clock.NextPass();
  clock.NextPass();
  EXPECT_EQ(clock.Shifted(42), 42);
}

}  // namespace
}  // namespace mosd::dataplane
