// Readers beside the writer of last frames. tests/stress/torn_frame_stress.cc
// is the same for as long as one likes.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "dataplane/frame/last_frame.h"
#include "tests/support/certified_frame.h"
#include "tests/support/stopper.h"
#include "tests/support/torn_frame_trial.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::CertifiedFrame;
using ::mosd::testing::Stopper;
using ::mosd::testing::TornFrameResult;
using ::mosd::testing::TornFrameTrial;

constexpr uint64_t kReads = 2'000'000;
constexpr std::chrono::milliseconds kMost{1500};
constexpr uint32_t kSlots = 4096;
constexpr uint64_t kAmple = 64 << 20;
constexpr uint64_t kScarce = 0;  // the least that a pool takes

TEST(TornFrameTest, OneReader) {
  TornFrameTrial trial(kSlots, kAmple);
  const TornFrameResult result = trial.Run(1, kReads, kMost);
  EXPECT_GT(result.reads, 1000u);
  EXPECT_EQ(result.torn, 0u);
  EXPECT_EQ(result.stale, 0u);
  EXPECT_EQ(result.contended, 0u);
  EXPECT_EQ(trial.writer().not_kept().Get(), 0u);
}

TEST(TornFrameTest, TwoReaders) {
  TornFrameTrial trial(kSlots, kAmple);
  const TornFrameResult result = trial.Run(2, kReads, kMost);
  EXPECT_GT(result.reads, 1000u);
  EXPECT_EQ(result.torn, 0u);
  EXPECT_EQ(result.stale, 0u);
  EXPECT_EQ(result.contended, 0u);
}

// Buffers are used again as soon as they are released: only the stamp is left
// between a reader and a torn frame.
TEST(TornFrameTest, NoQuarantineLeft) {
  TornFrameTrial trial(8, kScarce);
  const TornFrameResult result = trial.Run(2, kReads, kMost);
  EXPECT_GT(result.reads, 1000u);
  EXPECT_EQ(result.torn, 0u);
  EXPECT_EQ(result.stale, 0u);
}

// Wherever the writer stands still, readers get a frame of every slot.
TEST(TornFrameTest, ReaderFinishesWhileWriterIsStopped) {
  constexpr uint32_t kFewSlots = 64;
  TornFrameTrial trial(kFewSlots, kAmple);
  Stopper stopper;
  std::thread writer([&] { trial.Write(); });
  std::vector<uint8_t> buffer(CertifiedFrame::kMaxBytes);
  const auto end = std::chrono::steady_clock::now() + kMost;
  TornFrameResult result;
  uint64_t wanted = 0;
  do {
    stopper.Stop(&writer);
    for (uint32_t slot = 0; slot < kFewSlots; ++slot) {
      if (!trial.Written(slot)) continue;
      ++wanted;
      trial.ReadOnce(slot, buffer.data(), &result);
    }
    stopper.Continue();
  } while (std::chrono::steady_clock::now() < end);
  trial.StopWriting();
  writer.join();
  EXPECT_GT(wanted, 0u);
  EXPECT_EQ(result.reads, wanted);
  EXPECT_EQ(result.torn, 0u);
  EXPECT_EQ(result.stale, 0u);
}

}  // namespace
}  // namespace mosd::dataplane
