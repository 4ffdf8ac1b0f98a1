#include "dataplane/base/region.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mosd::dataplane {
namespace {

TEST(RegionTest, IsZeroWritableAndAtLeastAsLargeAsAsked) {
  for (const size_t bytes : {size_t{1}, size_t{64}, size_t{3} << 20}) {
    auto region = Region::Map(bytes);
    ASSERT_TRUE(region.ok());
    EXPECT_GE(region->size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(region->data()) % 4096, 0u);
    std::byte* const end = region->data() + bytes;
    EXPECT_TRUE(std::all_of(region->data(), end,
                            [](std::byte b) { return b == std::byte{0}; }));
    std::fill(region->data(), end, std::byte{0xff});
  }
}

TEST(RegionTest, RefusesWhatCannotBe) {
  for (const size_t bytes : {size_t{0}, SIZE_MAX, SIZE_MAX - (1 << 20),
                             SIZE_MAX / 2, size_t{1} << 60}) {
    const auto region = Region::Map(bytes);
    ASSERT_FALSE(region.ok()) << bytes;
    EXPECT_EQ(region.status().code(), absl::StatusCode::kResourceExhausted);
  }
}

TEST(RegionTest, MovesWithItsMemory) {
  auto mapped = Region::Map(100);
  ASSERT_TRUE(mapped.ok());
  std::byte* const data = mapped->data();
  Region first = *std::move(mapped);
  EXPECT_EQ(first.data(), data);
  Region second;
  EXPECT_EQ(second.data(), nullptr);
  second = std::move(first);
  EXPECT_EQ(second.data(), data);
  data[0] = std::byte{1};
  Region third(std::move(second));
  EXPECT_EQ(third.data()[0], std::byte{1});
}

}  // namespace
}  // namespace mosd::dataplane
