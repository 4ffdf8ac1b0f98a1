// Gives the frames of a live port their FrameStamp: the NIC's time where it
// tells one, else the host's. Owned by a worker.
#pragma once

#include <cstdint>

#include "dataplane/port/device_clock.h"
#include "dataplane/port/device_time.h"
#include "dataplane/port/rx_queue.h"

namespace mosd::dataplane {

class LiveStamper {
 public:
  explicit LiveStamper(const RxQueue& queue,
                       decltype(&ReadDeviceClock) read = ReadDeviceClock)
      : queue_(queue), read_(read) {}

  // Stamps a burst that was just received; `host_ns` is the time, ns since
  // 1970. A frame that the device took the VLAN tag from gets it back, which
  // may move it.
  void Stamp(rte_mbuf** frames, uint32_t count, int64_t host_ns);

 private:
  void LookAtClock(int64_t host_ns);
  int64_t TimeOf(const rte_mbuf* frame, int64_t host_ns) const;

  RxQueue queue_;
  decltype(&ReadDeviceClock) read_;
  DeviceClock clock_;
  int64_t looked_ns_ = 0;
};

}  // namespace mosd::dataplane
