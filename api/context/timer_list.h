// The timers of a context: each fires once. Times in nanoseconds of the
// context's clock. Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mos_api.h"

namespace mosd::api {

class TimerList {
 public:
  // Timers that wait at a time, at most.
  static constexpr size_t kCapacity = 65536;

  TimerList() { heap_.reserve(64); }

  // False: kCapacity are waiting. `now_ns` may be 0, when the clock of a
  // capture has not begun: the timer then counts from its first time.
  bool Add(int id, int64_t now_ns, int64_t delay_ns, callback_t callback);

  // Whether a timer is due.
  bool IsDue(int64_t now_ns) const {
    return !heap_.empty() &&
           (heap_.front().due_ns <= now_ns || unanchored_ != 0) && now_ns != 0;
  }

  // Calls what is due, in order of time; timers that are added meanwhile wait
  // for the next call.
  void Run(mctx_t mctx, int64_t now_ns);

 private:
  struct Timer {
    int64_t due_ns;
    uint64_t number;  // of two for the same time the first set is first
    int id;
    bool anchored;  // false: due_ns is a delay
    callback_t callback;
  };
  static bool Later(const Timer& a, const Timer& b);
  void Anchor(int64_t now_ns);

  std::vector<Timer> heap_;  // a heap, the next one in front
  std::vector<Timer> due_;   // while Run goes on
  uint64_t added_ = 0;
  size_t unanchored_ = 0;
};

}  // namespace mosd::api
