// An appliance as mosd starts it, gRPC and metrics included, whose one port is
// a ring of this process, and the traffic that goes into it. What cannot be
// ends the program with a message.
//
// One thread owns it and sends; dataplane(), the addresses and WorkerCpuNs()
// are for any.
#pragma once

#include <time.h>

#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/appliance/appliance.h"
#include "tests/bench/traffic.h"
#include "tests/support/temp_dir.h"

struct rte_ring;

namespace mosd::bench {

class FedAppliance {
 public:
  // Serves, and has seen each of `flows` connections shake hands and both of
  // its sides send a frame of `frame_bytes`. EAL is up; one at a time.
  FedAppliance(uint32_t flows, uint32_t frame_bytes);
  ~FedAppliance();
  FedAppliance(const FedAppliance&) = delete;
  FedAppliance& operator=(const FedAppliance&) = delete;

  // Sends the next burst of the traffic; waits for room.
  void SendBurst();
  // Waits until the worker has all that was sent, and has lost none of it.
  void AwaitAccounted() const;

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
  const testing::TempDir folder_;
  Traffic traffic_;
  rte_ring* ring_;
  std::unique_ptr<controlplane::Appliance> appliance_;
  clockid_t worker_clock_;
  uint64_t sent_ = 0;
};

}  // namespace mosd::bench
