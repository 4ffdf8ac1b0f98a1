#include "dataplane/port/live_port.h"

#include <utility>

#include "dataplane/port/frame_custody.h"

namespace mosd::dataplane {

LivePort::LivePort(std::string name, uint8_t number, LiveDevice device)
    : device_(std::move(device)) {
  for (uint16_t queue = 0; queue < device_.queues; ++queue) {
    queues_.push_back({.ethdev = device_.ethdev->id(),
                       .queue = queue,
                       .port = number,
                       .stamped = false,
                       .cut_at_bytes = device_.cut_at_bytes,
                       .device_time = device_.ethdev->tells_time()});
  }
  last_.device = std::move(name);
  last_.driver = device_.ethdev->driver();
  last_.rx_queues = device_.queues;
}

absl::Status LivePort::Start() {
  std::lock_guard lock(mutex_);
  if (absl::Status status = device_.ethdev->Start(); !status.ok()) {
    return status;
  }
  if (device_.packet_sockets != nullptr) DiscardQueued();
  return absl::OkStatus();
}

// A packet socket receives from its making on: at first from all interfaces,
// then all flows in the first queue. None of that is to be seen.
void LivePort::DiscardQueued() {
  constexpr uint32_t kBurst = 32;
  constexpr uint32_t kMost = 1 << 14;
  rte_mbuf* frames[kBurst];
  for (const RxQueue& queue : queues_) {
    for (uint32_t discarded = 0; discarded < kMost;) {
      const uint16_t count =
          rte_eth_rx_burst(queue.ethdev, queue.queue, frames, kBurst);
      if (count == 0) break;
      FreeFrames(frames, count);
      discarded += count;
    }
  }
  rte_eth_stats_reset(device_.ethdev->id());
  device_.packet_sockets->Reset();
}

void LivePort::Close() {
  std::lock_guard lock(mutex_);
  if (!open_) return;
  Refresh();
  open_ = false;
  last_.link_up = false;
  const LiveDevice closing = std::move(device_);  // in order, not as assigned
}

bool LivePort::exhausted(uint64_t* frames) const {
  *frames = 0;
  return false;
}

void LivePort::Refresh() const {
  const rte_eth_stats stats = device_.ethdev->stats();
  last_.link_up = device_.interface != nullptr ? device_.interface->link_up()
                                               : device_.ethdev->link_up();
  last_.rx_frames = frames_.Advance(stats.ipackets);
  last_.rx_bytes = bytes_.Advance(stats.ibytes);
  last_.missed_frames = stats.imissed;
  if (device_.packet_sockets != nullptr) {
    last_.missed_frames += device_.packet_sockets->Dropped();
  }
  last_.error_frames = stats.ierrors;
  last_.no_mbuf_frames = stats.rx_nombuf;
}

PortSnapshot LivePort::Snapshot() const {
  std::lock_guard lock(mutex_);
  if (open_) Refresh();
  return last_;
}

}  // namespace mosd::dataplane
