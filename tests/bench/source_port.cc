#include "tests/bench/source_port.h"

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "tests/bench/report.h"

namespace mosd::bench {

SourcePort::SourcePort(uint32_t number)
    : name_("bench_ring" + std::to_string(number)),
      dpdk_name_("net_ring_mosd" + std::to_string(number)),
      ring_(rte_ring_create(name_.c_str(), 64, SOCKET_ID_ANY, 0)) {
  if (ring_ == nullptr) Fail("no memory for a ring");
}

SourcePort::~SourcePort() {
  if (callback_ != nullptr) Fail("a port's traffic was not detached");
  rte_ring_free(ring_);
}

void SourcePort::Attach(Traffic* traffic) {
  traffic_ = traffic;
  if (rte_eth_dev_get_port_by_name(dpdk_name_.c_str(), &port_) != 0) {
    Fail("there is no device " + dpdk_name_);
  }
  callback_ = rte_eth_add_rx_callback(port_, 0, &SourcePort::Fill, this);
  if (callback_ == nullptr) Fail("DPDK takes no callback");
}

void SourcePort::Detach() {
  rte_eth_remove_rx_callback(port_, 0, callback_);
  callback_ = nullptr;
}

uint16_t SourcePort::Fill(uint16_t, uint16_t, rte_mbuf** frames, uint16_t count,
                          uint16_t room, void* self) {
  auto* const port = static_cast<SourcePort*>(self);
  const uint64_t sent = port->sent_.load(std::memory_order_relaxed);
  if (sent >= port->wanted_.load(std::memory_order_relaxed)) return count;
  if (count != 0 || room < Traffic::kBurst) Fail("no room for a burst");
  // Another worker may have them all.
  if (!port->traffic_->TryNext(frames)) return count;
  port->sent_.store(sent + Traffic::kBurst, std::memory_order_release);
  return Traffic::kBurst;
}

}  // namespace mosd::bench
