// What a worker does when no frame is waiting: first it looks again at once,
// for frames come in bursts, then it sleeps, longer each time, up to 100 us.
// Owned by a worker.
#pragma once

#include <rte_pause.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/options.h"

namespace mosd::dataplane {

class IdleWait {
 public:
  explicit IdleWait(IdlePolicy policy) : policy_(policy) {}

  // A frame has come.
  void Reset() { waits_ = 0; }

  void Wait() {
    if (policy_ == IdlePolicy::kBusyPoll || waits_ < kSpins) {
      ++waits_;
      rte_pause();
      return;
    }
    const int64_t sleep_ns =
        std::min(kLongestNs, kShortestNs * (waits_ - kSpins + 1));
    if (sleep_ns < kLongestNs) ++waits_;
    const timespec time{0, sleep_ns};
    nanosleep(&time, nullptr);
  }

 private:
  static constexpr int64_t kSpins = 256;
  static constexpr int64_t kShortestNs = 2'000;
  static constexpr int64_t kLongestNs = 100'000;

  const IdlePolicy policy_;
  int64_t waits_ = 0;
};

}  // namespace mosd::dataplane
