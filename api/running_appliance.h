// The one appliance of a process that was started through the C API, shared by
// its functions. Any thread, but Start and Stop not from a worker's.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>

#include "absl/status/status.h"
#include "controlplane/appliance/appliance.h"

namespace mosd::api {

class RunningAppliance {
 public:
  static RunningAppliance& Get();

  // As mosd would, from a YAML file and the environment. FAILED_PRECONDITION:
  // one is running.
  absl::Status Start(const char* config_file);
  absl::Status Start(
      const mos::v1::Config& config,
      const controlplane::Appliance::StartDataplane& start_dataplane);

  // Readers find nothing from here on; then the workers end.
  void Stop();

  // Calls use(dataplane) while it is kept from going away. False: none is
  // running.
  template <typename Use>
  bool With(Use use) {
    const std::shared_lock lock(readers_mutex_);
    if (appliance_ == nullptr) return false;
    use(appliance_->dataplane());
    return true;
  }

 private:
  std::mutex life_mutex_;  // held while one starts or stops
  // Exclusive only to come and to go: a worker may be in With() while Stop()
  // waits for its end.
  std::shared_mutex readers_mutex_;
  std::unique_ptr<controlplane::Appliance> appliance_;
};

}  // namespace mosd::api
