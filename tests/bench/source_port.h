// A port whose frames are made where a worker takes them: a ring of this
// process that stays empty, and a callback of DPDK's receive function. The
// worker waits for no other thread, and what it does is what it does with any
// port.
//
// One thread owns it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/bench/traffic.h"

struct rte_eth_rxtx_callback;
struct rte_mbuf;
struct rte_ring;

namespace mosd::bench {

class SourcePort {
 public:
  // `number`: of the port among those that the dataplane will open. EAL is up.
  explicit SourcePort(uint32_t number);
  ~SourcePort();
  SourcePort(const SourcePort&) = delete;
  SourcePort& operator=(const SourcePort&) = delete;

  // For DataplaneOptions.
  std::string device() const { return "ring:" + name_; }

  // The dataplane has opened the device: its worker will take frames of
  // `traffic`, which is the worker's from now on and outlives Detach().
  void Attach(Traffic* traffic);
  // No frame comes any more; the worker may still be in the last call. The
  // dataplane has not closed the device yet.
  void Detach();

  // Frames that shall have come since Attach(), whole bursts. Less than there
  // are: no more come.
  void Want(uint64_t frames) { wanted_.store(frames); }
  uint64_t wanted() const { return wanted_.load(); }
  // Those that have.
  uint64_t sent() const { return sent_.load(std::memory_order_acquire); }

 private:
  static uint16_t Fill(uint16_t port, uint16_t queue, rte_mbuf** frames,
                       uint16_t count, uint16_t room, void* self);

  const std::string name_;
  const std::string dpdk_name_;
  rte_ring* const ring_;
  uint16_t port_ = 0;
  const rte_eth_rxtx_callback* callback_ = nullptr;
  Traffic* traffic_ = nullptr;
  // writer: the owner; reader: the worker.
  std::atomic<uint64_t> wanted_{0};
  // writer: the worker; reader: the owner.
  std::atomic<uint64_t> sent_{0};
};

}  // namespace mosd::bench
