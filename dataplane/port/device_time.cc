#include "dataplane/port/device_time.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {

int device_time_offset = -1;
uint64_t device_time_flag = 0;

absl::Status RegisterDeviceTime() {
  if (rte_mbuf_dyn_rx_timestamp_register(&device_time_offset,
                                         &device_time_flag) == 0) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no room for a device's time in packet buffers: ",
                   rte_strerror(rte_errno)));
}

bool ReadDeviceClock(uint16_t ethdev, uint64_t* ticks) {
  return rte_eth_read_clock(ethdev, ticks) == 0;
}

}  // namespace mosd::dataplane
