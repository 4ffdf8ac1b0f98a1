// An appliance as mosd starts it, gRPC and metrics included, with traffic on
// its one port; a second CPU is free for those who ask it. What cannot be ends
// the program with a message.
//
// One thread owns it; dataplane(), the addresses and WorkerCpuNs() are for any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/appliance/appliance.h"
#include "tests/bench/source_port.h"
#include "tests/bench/traffic.h"
#include "tests/bench/worker_clock.h"
#include "tests/support/temp_dir.h"

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
  double WorkerCpuNs() const { return worker_clock_.ReadNs(); }

 private:
  void AwaitAccounted() const;

  const testing::TempDir folder_;
  Traffic traffic_;  // the worker's
  SourcePort port_;
  std::unique_ptr<controlplane::Appliance> appliance_;
  WorkerClock worker_clock_;
};

}  // namespace mosd::bench
