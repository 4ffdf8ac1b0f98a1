#include "dataplane/worker/live_stamper.h"

#include <rte_ether.h>
#include <rte_mbuf.h>

#include <algorithm>

#include "dataplane/port/frame_stamp.h"

namespace mosd::dataplane {
namespace {

// Between two looks at the device's clock: reading it takes a microsecond.
constexpr int64_t kLookEveryNs = 1'000'000'000;
constexpr int64_t kFirstLooksNs = 10'000'000;

// A frame that is older than this has not waited in a queue: the device's time
// is wrong.
constexpr int64_t kOldestNs = 10'000'000'000;

// A last frame is the frame as it was on the wire.
void RestoreVlanTag(rte_mbuf** frame) {
  if (((*frame)->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) [[unlikely]] {
    // Fails only without headroom, which our ports' buffers have.
    rte_vlan_insert(frame);
  }
}

}  // namespace

void LiveStamper::Stamp(rte_mbuf** frames, uint32_t count, int64_t host_ns) {
  if (queue_.device_time) LookAtClock(host_ns);
  for (uint32_t i = 0; i < count; ++i) {
    RestoreVlanTag(&frames[i]);
    const uint32_t length = frames[i]->pkt_len;
    *StampOf(frames[i]) = {TimeOf(frames[i], host_ns), length, queue_.port,
                           length >= queue_.cut_at_bytes, 0};
  }
}

void LiveStamper::LookAtClock(int64_t host_ns) {
  const int64_t due = clock_.known() ? kLookEveryNs : kFirstLooksNs;
  if (host_ns - looked_ns_ < due && host_ns >= looked_ns_) return;
  looked_ns_ = host_ns;
  uint64_t ticks = 0;
  if (read_(queue_.ethdev, &ticks)) clock_.Observe(ticks, host_ns);
}

int64_t LiveStamper::TimeOf(const rte_mbuf* frame, int64_t host_ns) const {
  if (!queue_.device_time || !clock_.known() || !HasDeviceTime(frame)) {
    return host_ns;
  }
  const int64_t time_ns = clock_.ToHostNs(DeviceTicks(frame));
  if (time_ns < host_ns - kOldestNs) return host_ns;
  return std::min(time_ns, host_ns);
}

}  // namespace mosd::dataplane
