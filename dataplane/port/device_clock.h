// From the clock of a NIC, which counts in a unit and from a moment of its own,
// to nanoseconds since 1970, by looking at both clocks now and then. The rate
// is measured from the first look to the newest one, so it gets the better the
// longer the device runs. Owned by a worker.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace mosd::dataplane {

class DeviceClock {
 public:
  // Both clocks at one moment. `ticks` is a counter of 64 bits.
  void Observe(uint64_t ticks, int64_t host_ns) {
    if (known() && std::llabs(ToHostNs(ticks) - host_ns) > kStepNs) {
      *this = {};  // one of the two was set
    }
    if (!begun_) {
      begun_ = true;
      first_ticks_ = ticks;
      first_ns_ = host_ns;
    }
    last_ticks_ = ticks;
    last_ns_ = host_ns;
    const int64_t elapsed_ns = host_ns - first_ns_;
    const auto elapsed_ticks = static_cast<int64_t>(ticks - first_ticks_);
    if (elapsed_ns < kLeastElapsedNs || elapsed_ticks <= 0) return;
    ns_per_tick_ =
        static_cast<double>(elapsed_ns) / static_cast<double>(elapsed_ticks);
  }

  // Whether the rate is known: at least two looks, kLeastElapsedNs apart.
  bool known() const { return ns_per_tick_ > 0; }

  // Time of a count from about now, ns since 1970. Only if known().
  int64_t ToHostNs(uint64_t ticks) const {
    const auto ticks_since = static_cast<int64_t>(ticks - last_ticks_);
    return last_ns_ + static_cast<int64_t>(static_cast<double>(ticks_since) *
                                           ns_per_tick_);
  }

 private:
  static constexpr int64_t kLeastElapsedNs = 10'000'000;
  // Looks are seconds apart, and no clock drifts that fast.
  static constexpr int64_t kStepNs = 1'000'000;

  bool begun_ = false;
  uint64_t first_ticks_ = 0;
  int64_t first_ns_ = 0;
  uint64_t last_ticks_ = 0;
  int64_t last_ns_ = 0;
  double ns_per_tick_ = 0;
};

}  // namespace mosd::dataplane
