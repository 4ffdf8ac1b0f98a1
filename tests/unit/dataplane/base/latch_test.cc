#include "dataplane/base/latch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/certified_frame.h"
#include "tests/support/stopper.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::MixBits;
using ::mosd::testing::Stopper;

constexpr std::chrono::milliseconds kTime{700};

// All words follow from the first one.
struct Certified {
  uint64_t words[45] = {};

  static Certified Make(uint64_t number) {
    Certified value;
    for (size_t i = 0; i < std::size(value.words); ++i) {
      value.words[i] = i == 0 ? number : MixBits(number + i);
    }
    return value;
  }
  bool whole() const {
    for (size_t i = 1; i < std::size(words); ++i) {
      if (words[i] != MixBits(words[0] + i)) return false;
    }
    return true;
  }
};

// Stores 1, 2, ... until stopped.
class Hammer {
 public:
  Hammer()
      : thread_([this] {
          for (uint64_t i = 1; !stop_.load(std::memory_order_relaxed); ++i) {
            latch.Store(Certified::Make(i));
            stored.store(i, std::memory_order_release);
          }
        }) {
    while (stored.load() == 0) std::this_thread::yield();
  }
  ~Hammer() {
    stop_ = true;
    thread_.join();
  }

  std::thread& thread() { return thread_; }

  Latch<Certified> latch;
  std::atomic<uint64_t> stored{0};

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST(LatchTest, GivesWhatWasStored) {
  Latch<Certified> latch;
  EXPECT_EQ(latch.Load().words[0], 0u);
  for (uint64_t i = 1; i < 10; ++i) {
    latch.Store(Certified::Make(i));
    const Certified value = latch.Load();
    EXPECT_EQ(value.words[0], i);
    EXPECT_TRUE(value.whole());
  }
}

TEST(LatchTest, TwoReadersSeeWholeValuesNeverOlderOnes) {
  Hammer hammer;
  std::atomic<uint64_t> torn{0}, stale{0}, loads{0};
  const auto read = [&] {
    const auto end = std::chrono::steady_clock::now() + kTime;
    do {
      const uint64_t least = hammer.stored.load(std::memory_order_acquire);
      const Certified value = hammer.latch.Load();
      if (!value.whole()) ++torn;
      if (value.words[0] < least) ++stale;
      ++loads;
    } while (std::chrono::steady_clock::now() < end);
  };
  std::thread other(read);
  read();
  other.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(stale, 0u);
  EXPECT_GT(loads, 1000u);
}

TEST(LatchTest, ReaderFinishesWhileWriterIsStopped) {
  Hammer hammer;
  Stopper stopper;
  const auto end = std::chrono::steady_clock::now() + kTime;
  do {
    stopper.Stop(&hammer.thread());
    const uint64_t least = hammer.stored.load(std::memory_order_acquire);
    const Certified value = hammer.latch.Load();
    stopper.Continue();
    ASSERT_TRUE(value.whole());
    ASSERT_GE(value.words[0], least);
  } while (std::chrono::steady_clock::now() < end);
}

}  // namespace
}  // namespace mosd::dataplane
