#include "dataplane/port/device_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace mosd::dataplane {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000'000;
constexpr int64_t kSecond = 1'000'000'000;

// A device that counts `per_second` from `first`, whose 64 bits may run over.
struct Device {
  uint64_t first;
  double per_second;

  uint64_t At(int64_t host_ns) const {
    return first + static_cast<uint64_t>(static_cast<double>(host_ns - kStart) *
                                         1e-9 * per_second);
  }
};

TEST(DeviceClockTest, KnowsNothingAtFirst) {
  DeviceClock clock;
  EXPECT_FALSE(clock.known());
  clock.Observe(5, kStart);
  EXPECT_FALSE(clock.known());
  clock.Observe(6, kStart + 1'000);
  EXPECT_FALSE(clock.known()) << "a microsecond tells no rate";
}

TEST(DeviceClockTest, FollowsADeviceOfAnyRateThatDrifts) {
  for (const Device& device :
       {Device{0, 1e9}, Device{123, 1e9 * (1 + 50e-6)}, Device{7, 156.25e6},
        Device{UINT64_MAX - 1000, 2.5e9}}) {
    DeviceClock clock;
    clock.Observe(device.At(kStart), kStart);
    clock.Observe(device.At(kStart + 10'000'000), kStart + 10'000'000);
    ASSERT_TRUE(clock.known());
    int64_t worst = 0;
    for (int64_t now = kStart + 10'000'000; now < kStart + 60 * kSecond;
         now += kSecond) {
      clock.Observe(device.At(now), now);
      // A frame from a tenth of a second before or after.
      for (const int64_t off : {-kSecond / 10, kSecond / 10}) {
        const int64_t error = clock.ToHostNs(device.At(now + off)) - now - off;
        worst = std::max(worst, std::abs(error));
      }
    }
    EXPECT_LT(worst, 2'000) << device.per_second;
  }
}

TEST(DeviceClockTest, BeginsAnewWhenAClockIsSet) {
  const Device device{0, 1e9};
  DeviceClock clock;
  clock.Observe(device.At(kStart), kStart);
  clock.Observe(device.At(kStart + kSecond), kStart + kSecond);
  ASSERT_TRUE(clock.known());
  // The host's clock leaps by an hour.
  const int64_t leap = 3600 * kSecond;
  clock.Observe(device.At(kStart + 2 * kSecond), kStart + 2 * kSecond + leap);
  EXPECT_FALSE(clock.known());
  clock.Observe(device.At(kStart + 3 * kSecond), kStart + 3 * kSecond + leap);
  ASSERT_TRUE(clock.known());
  EXPECT_NEAR(static_cast<double>(
                  clock.ToHostNs(device.At(kStart + 3 * kSecond + 1'000)) -
                  (kStart + 3 * kSecond + leap + 1'000)),
              0, 10);
}

TEST(DeviceClockTest, LearnsNothingFromAClockThatStandsOrRunsBack) {
  DeviceClock clock;
  clock.Observe(1'000, kStart);
  clock.Observe(1'000, kStart + kSecond);
  EXPECT_FALSE(clock.known());
  clock.Observe(900, kStart + 2 * kSecond);
  EXPECT_FALSE(clock.known());
}

}  // namespace
}  // namespace mosd::dataplane
