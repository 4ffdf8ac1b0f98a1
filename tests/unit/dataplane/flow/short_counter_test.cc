#include "dataplane/flow/short_counter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>

namespace mosd::dataplane {
namespace {

template <typename Low>
class ShortCounterTest : public ::testing::Test {
 protected:
  ShortCounter<Low> counter_;
  SingleWriter<uint64_t> carried_;
};

using Lows = ::testing::Types<uint16_t, uint32_t>;
TYPED_TEST_SUITE(ShortCounterTest, Lows);

TYPED_TEST(ShortCounterTest, AddsUpWhateverIsAdded) {
  constexpr uint32_t kHalf = ShortCounter<TypeParam>::kHalf;
  std::mt19937_64 random(3);
  uint64_t sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const uint32_t usual = static_cast<uint32_t>(random()) % 2000;
    const uint32_t odd[] = {0, kHalf - 1, kHalf, kHalf + 1, UINT32_MAX};
    const uint32_t more = i % 10 == 0 ? odd[random() % 5] : usual;
    this->counter_.Add(more, &this->carried_);
    sum += more;
    ASSERT_EQ(this->counter_.Total(this->carried_), sum) << more;
  }
  EXPECT_GT(this->carried_.Get(), 2u);
}

// The writer was stopped between the word and the low bits.
TYPED_TEST(ShortCounterTest, ReadInTheMiddleOfACarry) {
  constexpr uint32_t kHalf = ShortCounter<TypeParam>::kHalf;
  for (uint64_t turn = 0; turn < 5; ++turn) {
    this->counter_.Add(kHalf - 1, &this->carried_);
    const uint64_t before = this->counter_.Total(this->carried_);
    this->carried_.Add(1);
    EXPECT_EQ(this->counter_.Total(this->carried_), before);
    this->carried_.Set(this->carried_.Get() - 1);
    this->counter_.Add(1, &this->carried_);
    EXPECT_EQ(this->counter_.Total(this->carried_), before + 1);
  }
}

// A reader never meets a number that the counter has not had by then, nor one
// that it had before the last that was read.
TEST(ShortCounter, BesideAReader) {
  ShortCounter<uint16_t> counter;
  SingleWriter<uint64_t> carried;
  std::atomic<uint64_t> least{0};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    uint64_t sum = 0;
    for (uint32_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      const uint32_t more = 1 + i % 997;
      counter.Add(more, &carried);
      sum += more;
      least.store(sum, std::memory_order_release);
    }
  });
  constexpr int kReads = 2'000'000;
  constexpr uint64_t kTurns = 100;
  uint64_t wrong = 0;
  // Until the writer has had its turns, however late it came.
  for (int i = 0; i < kReads || carried.Get() < kTurns; ++i) {
    const uint64_t before = least.load(std::memory_order_acquire);
    const uint64_t total = counter.Total(carried);
    const uint64_t after = least.load(std::memory_order_acquire);
    wrong += total < before || total > after + 997 ? 1 : 0;
  }
  stop = true;
  writer.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace mosd::dataplane
