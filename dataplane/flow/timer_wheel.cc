#include "dataplane/flow/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace mosd::dataplane {

void TimerWheel::Add(uint32_t record, int64_t deadline_ns) {
  // Its slot is emptied when the whole tick has passed, not before its time.
  const int64_t tick =
      std::clamp(deadline_ns >> kTickShift, tick_, tick_ + int64_t{kSlots} - 1);
  const uint32_t slot = SlotOf(tick);
  FlowColdRecord& added = records_[record];
  added.place_or_end.set_place(number_, static_cast<uint16_t>(slot));
  added.next = kNoRecord;
  if (heads_[slot] == kNoRecord) {
    added.place_or_end.set_previous(kNoRecord);
    heads_[slot] = record;
    occupied_[slot / 64] |= uint64_t{1} << (slot % 64);
  } else {
    added.place_or_end.set_previous(tails_[slot]);
    records_[tails_[slot]].next = record;
  }
  tails_[slot] = record;
}

void TimerWheel::Remove(uint32_t record) {
  const FlowColdRecord& removed = records_[record];
  const uint32_t slot = removed.place_or_end.slot();
  const uint32_t previous = removed.place_or_end.previous();
  if (removed.next != kNoRecord) {
    records_[removed.next].place_or_end.set_previous(previous);
  } else {
    tails_[slot] = previous;
  }
  if (previous != kNoRecord) {
    records_[previous].next = removed.next;
    return;
  }
  heads_[slot] = removed.next;
  if (removed.next == kNoRecord) {
    occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
  }
}

uint32_t TimerWheel::First() const {
  const uint32_t start = SlotOf(tick_);
  // The word of `start` is looked at twice: its high bits first, its low bits,
  // which are the end of the turn, last.
  uint64_t mask = ~uint64_t{0} << (start % 64);
  for (uint32_t i = 0; i <= kWords; ++i) {
    const uint32_t word = (start / 64 + i) % kWords;
    const uint64_t bits = occupied_[word] & mask;
    if (bits != 0) {
      return heads_[word * 64 + static_cast<uint32_t>(std::countr_zero(bits))];
    }
    mask = i + 1 == kWords ? ~(~uint64_t{0} << (start % 64)) : ~uint64_t{0};
  }
  return kNoRecord;
}

}  // namespace mosd::dataplane
