// Time in a capture that is read several times in a row: each pass goes on
// where the one before ended. Not thread-safe. ns.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/port/capture_file.h"

namespace mosd::dataplane {

class CaptureClock {
 public:
  // Between the last frame of a pass and the first of the next.
  static constexpr int64_t kGapNs = 1'000;

  // What `recorded_ns`, of the file, is in this pass.
  int64_t Shifted(int64_t recorded_ns) {
    first_ns_ = std::min(first_ns_, recorded_ns);
    last_ns_ = std::max(last_ns_, recorded_ns);
    // Neither exceeds kMaxTimeNs, so that the sum does not overflow.
    return std::min(recorded_ns + shift_ns_, kMaxTimeNs);
  }

  void NextPass() {
    if (last_ns_ < first_ns_) return;  // there was no frame
    const int64_t pass_ns = last_ns_ - first_ns_ + kGapNs;
    shift_ns_ =
        shift_ns_ > kMaxTimeNs - pass_ns ? kMaxTimeNs : shift_ns_ + pass_ns;
    first_ns_ = kMaxTimeNs;
    last_ns_ = -1;
  }

 private:
  int64_t shift_ns_ = 0;
  int64_t first_ns_ = kMaxTimeNs;  // of this pass
  int64_t last_ns_ = -1;
};

}  // namespace mosd::dataplane
