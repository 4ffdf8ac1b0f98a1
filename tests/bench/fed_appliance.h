// An appliance as mosd starts it, gRPC and metrics included, with traffic on
// its one port. What cannot be ends the program with a message.
//
// The port is an empty ring of this process, and its frames are made where a
// worker takes them, in a callback of DPDK's receive function: the worker never
// waits for another thread, and a second CPU is free for those who ask it.
//
// One thread owns it; dataplane(), the addresses and WorkerCpuNs() are for any.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/appliance/appliance.h"
#include "tests/bench/traffic.h"
#include "tests/support/temp_dir.h"

struct rte_eth_rxtx_callback;
struct rte_mbuf;
struct rte_ring;

namespace mosd::bench {

class FedAppliance {
 public:
  // Serves, and has seen each of `flows` connections shake hands and both of
  // its sides send a frame of `frame_bytes`; then the traffic rests. EAL is
  // up; one at a time.
  FedAppliance(uint32_t flows, uint32_t frame_bytes);
  ~FedAppliance();
  FedAppliance(const FedAppliance&) = delete;
  FedAppliance& operator=(const FedAppliance&) = delete;

  // From now on each of the worker's turns finds a burst.
  void BeginTraffic();
  // Returns when the worker has dealt with all of it; none may be lost.
  void EndTraffic();

  const dataplane::Dataplane& dataplane() const {
    return appliance_->dataplane();
  }
  std::string grpc_address() const { return appliance_->grpc_addresses()[0]; }
  std::string metrics_address() const {
    return appliance_->metrics_addresses()[0];
  }

  // CPU time of the worker's thread, ns.
  double WorkerCpuNs() const;

 private:
  static uint16_t Fill(uint16_t port, uint16_t queue, rte_mbuf** frames,
                       uint16_t count, uint16_t room, void* self);
  void AddCallback();
  void AwaitAccounted() const;

  const testing::TempDir folder_;
  Traffic traffic_;  // the worker's
  rte_ring* const ring_;
  std::unique_ptr<controlplane::Appliance> appliance_;
  uint16_t port_ = 0;
  const rte_eth_rxtx_callback* callback_ = nullptr;
  clockid_t worker_clock_ = 0;
  // writer: the owner; reader: the worker.
  std::atomic<uint64_t> wanted_{0};
  // writer: the worker; reader: the owner.
  std::atomic<uint64_t> sent_{0};
};

}  // namespace mosd::bench
