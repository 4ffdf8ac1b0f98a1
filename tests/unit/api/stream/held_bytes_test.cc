#include "api/stream/held_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <random>

namespace mosd::api {
namespace {

// Every answer for every position, against one bit a byte.
void Compare(const HeldBytes& held, const std::bitset<kBlockBytes>& expected) {
  uint32_t next_held = kBlockBytes;
  uint32_t next_hole = kBlockBytes;
  for (uint32_t at = kBlockBytes; at-- > 0;) {
    (expected[at] ? next_held : next_hole) = at;
    ASSERT_EQ(held.NextHeld(at), next_held) << at;
    ASSERT_EQ(held.EndOfRun(at), next_hole) << at;
  }
}

TEST(HeldBytesTest, AgreesWithOneBitAByte) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    ByteRun run{};
    uint64_t map[kMapWords];
    std::fill_n(map, kMapWords, 0xdeadbeefdeadbeef);  // of another stream
    HeldBytes held(&run, map);
    std::bitset<kBlockBytes> expected;
    const uint32_t longest = trial % 3 == 0 ? 5 : kBlockBytes / 2;
    for (int step = 0; step < 12; ++step) {
      const auto begin = static_cast<uint32_t>(random() % kBlockBytes);
      const auto length = static_cast<uint32_t>(1 + random() % longest);
      const uint32_t end = std::min(begin + length, kBlockBytes);
      held.Add(begin, end);
      for (uint32_t at = begin; at < end; ++at) expected.set(at);
      Compare(held, expected);
      if (HasFatalFailure()) return;
    }
  }
}

// Two runs in every position to each other, at either end of a block.
TEST(HeldBytesTest, TellsRunsThatMeetFromThoseThatDoNot) {
  constexpr uint32_t kRoom = 6;
  const auto ranges = [](auto&& use) {
    for (const uint32_t from : {0u, kBlockBytes - kRoom}) {
      for (uint32_t begin = from; begin < from + kRoom; ++begin) {
        for (uint32_t end = begin + 1; end <= from + kRoom; ++end) {
          use(begin, end);
        }
      }
    }
  };
  ranges([&](uint32_t begin, uint32_t end) {
    ranges([&](uint32_t other_begin, uint32_t other_end) {
      ByteRun run{};
      uint64_t map[kMapWords];
      HeldBytes held(&run, map);
      held.Add(begin, end);
      held.Add(other_begin, other_end);
      std::bitset<kBlockBytes> expected;
      for (uint32_t at = begin; at < end; ++at) expected.set(at);
      for (uint32_t at = other_begin; at < other_end; ++at) expected.set(at);
      Compare(held, expected);
    });
  });
}

TEST(HeldBytesTest, RunsThatMeetNeedNoMap) {
  ByteRun run{};
  HeldBytes held(&run, nullptr);
  held.Add(100, 200);
  held.Add(200, 300);
  held.Add(50, 100);
  held.Add(0, kBlockBytes);
  held.Add(7, 8);
  EXPECT_EQ(held.EndOfRun(0), kBlockBytes);
}

}  // namespace
}  // namespace mosd::api
