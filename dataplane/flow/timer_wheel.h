// Deadlines of many flows in one array of lists. A flow that is heard of again
// is not moved: when its turn comes, its owner looks at the real deadline and
// puts it back. Ticks of 2^27 ns (134 ms); deadlines beyond the wheel's span
// (9 minutes) are looked at once a turn. Worker only.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow/flow_cold_record.h"

namespace mosd::dataplane {

class TimerWheel {
 public:
  static constexpr int kTickShift = 27;
  static constexpr uint32_t kSlots = 4096;

  // `records` outlives the wheel; `number` tells its lists from those of other
  // wheels over the same records.
  TimerWheel(FlowColdRecord* records, uint8_t number)
      : records_(records), number_(number) {
    heads_.fill(kNoRecord);
  }

  // Enters a record that is in no list, behind those of the same tick.
  void Add(uint32_t record, int64_t deadline_ns);

  // Takes a record out. It must be in this wheel.
  void Remove(uint32_t record);

  // Moves time on, and calls due(record) for records whose slot has passed,
  // each taken out before, until `*budget` calls have been made; what is left
  // comes at the next call. `due` may add it again.
  template <typename Due>
  void Advance(int64_t now_ns, uint32_t* budget, Due due) {
    const int64_t now_tick = now_ns >> kTickShift;
    // One turn meets every record, however far time has leapt.
    if (now_tick - tick_ > int64_t{kSlots}) tick_ = now_tick - kSlots;
    for (; tick_ < now_tick; ++tick_) {
      const uint32_t& head = heads_[SlotOf(tick_)];
      while (head != kNoRecord) {
        if (*budget == 0) return;
        --*budget;
        const uint32_t record = head;
        Remove(record);
        due(record);
      }
    }
  }

  // The record whose turn comes next, or kNoRecord. Constant time.
  uint32_t First() const;

  uint8_t number() const { return number_; }

 private:
  static constexpr uint32_t kWords = kSlots / 64;

  static uint32_t SlotOf(int64_t tick) {
    return static_cast<uint32_t>(static_cast<uint64_t>(tick) % kSlots);
  }

  FlowColdRecord* records_;
  uint8_t number_;
  int64_t tick_ = 0;  // first tick whose slot has not been emptied
  std::array<uint32_t, kSlots> heads_;
  std::array<uint32_t, kSlots> tails_;       // of slots that are not empty
  std::array<uint64_t, kWords> occupied_{};  // bit s: slot s is not empty
};

}  // namespace mosd::dataplane
