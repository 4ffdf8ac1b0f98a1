// Devices that live within this process: ring:NAME, frames that other code
// puts into an rte_ring, and null:, frames of zeros as fast as they are taken.
#include <rte_ring.h>

#include "absl/strings/str_cat.h"
#include "dataplane/port/live_device.h"
#include "dataplane/port/packet_memory.h"

namespace mosd::dataplane {

absl::StatusOr<LiveDevice> OpenRing(const LiveRequest& request) {
  LiveDevice device;
  const auto queues = ChooseQueues(request.queues, 1, 1);
  if (!queues.ok()) return queues.status();
  rte_ring* ring = rte_ring_lookup(request.spec.argument.c_str());
  if (ring == nullptr) {
    return absl::NotFoundError(
        "there is no such ring; another part of this process makes it before "
        "the port is opened");
  }
  auto pool = MakeBufferPool(PoolName(request.number), kRingPool);
  if (!pool.ok()) return pool.status();
  device.pool = *std::move(pool);
  auto ethdev = Ethdev::MakeOfRing(
      absl::StrCat("mosd", static_cast<int>(request.number)), ring);
  if (!ethdev.ok()) return ethdev.status();
  device.ethdev = *std::move(ethdev);
  absl::Status status = device.ethdev->Configure({.pool = device.pool.get()});
  if (!status.ok()) return status;
  return device;
}

absl::StatusOr<LiveDevice> OpenNull(const LiveRequest& request) {
  constexpr uint32_t kMaxQueues = RTE_ETHDEV_QUEUE_STAT_CNTRS;
  LiveDevice device;
  const auto queues = ChooseQueues(request.queues, 1, kMaxQueues);
  if (!queues.ok()) return queues.status();
  device.queues = *queues;
  auto pool = MakeUsualPool(request);
  if (!pool.ok()) return pool.status();
  device.pool = *std::move(pool);
  auto ethdev = MakeDevice(request, "net_null", "");
  if (!ethdev.ok()) return ethdev.status();
  device.ethdev = *std::move(ethdev);
  absl::Status status = device.ethdev->Configure(
      {.rx_queues = device.queues, .pool = device.pool.get()});
  if (!status.ok()) return status;
  return device;
}

}  // namespace mosd::dataplane
