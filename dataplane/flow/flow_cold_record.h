// What is known of a connection that a segment in order has no need of: the
// other part of a FlowRecord, of the same number, in an array of its own, so
// that such a segment touches two cache lines and not three.
// writer of everything: the owning worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/base/single_writer.h"
#include "dataplane/flow/flow_snapshot.h"
#include "dataplane/flow/side.h"

namespace mosd::dataplane {

// No record: the end of a list.
inline constexpr uint32_t kNoRecord = UINT32_MAX;

// Where a live record stands in a timer wheel; of one that is over, when it
// ended: never both, in one word.
class WheelPlaceOrEnd {
 public:
  // Of a live one. Worker only.
  uint32_t previous() const { return static_cast<uint32_t>(word_.Get()); }
  uint16_t slot() const { return static_cast<uint16_t>(word_.Get() >> 32); }
  uint8_t wheel() const { return static_cast<uint8_t>(word_.Get() >> 48); }
  // Of a flow in TIME-WAIT: who closed it.
  EndReason closed_by() const {
    return static_cast<EndReason>(word_.Get() >> 56);
  }
  void set_previous(uint32_t previous) {
    word_.Set((word_.Get() & ~uint64_t{UINT32_MAX}) | previous);
  }
  void set_place(uint8_t wheel, uint16_t slot) {
    constexpr uint64_t kPlace = uint64_t{0xffffff} << 32;
    word_.Set((word_.Get() & ~kPlace) | uint64_t{slot} << 32 |
              uint64_t{wheel} << 48);
  }
  void set_closed_by(EndReason reason) {
    word_.Set((word_.Get() & ~(uint64_t{0xff} << 56)) |
              static_cast<uint64_t>(reason) << 56);
  }

  // Of one that is over, ns. Any thread.
  int64_t end_time_ns() const { return static_cast<int64_t>(word_.Get()); }
  void set_end_time_ns(int64_t time_ns) {
    word_.Set(static_cast<uint64_t>(time_ns));
  }

 private:
  SingleWriter<uint64_t> word_;
};

struct FlowColdRecord {
  // Link of the one list the record is in: a wheel's slot, the ended flows, or
  // the free ones. Worker only.
  uint32_t next;
  uint32_t sink_data;  // of the worker's FlowSink; 0: not its. Worker only.
  WheelPlaceOrEnd place_or_end;
  SingleWriter<int64_t> start_time_ns;
  // Stays at the largest number.
  SingleWriter<uint32_t> retransmitted_frames[kSides];
};
static_assert(sizeof(FlowColdRecord) == 32);

}  // namespace mosd::dataplane
