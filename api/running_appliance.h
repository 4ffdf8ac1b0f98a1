// The one appliance of a process that was started through the C API, shared by
// its functions. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>

#include "controlplane/appliance/appliance.h"

namespace mosd::api {

class RunningAppliance {
 public:
  static RunningAppliance& Get();

  // FAILED_PRECONDITION: one is running.
  absl::Status Start(const char* config_file);
  void Stop();

  // Calls use(dataplane) while it is kept from stopping. False: none is
  // running.
  template <typename Use>
  bool With(Use use) {
    const std::shared_lock lock(mutex_);
    if (appliance_ == nullptr) return false;
    use(appliance_->dataplane());
    return true;
  }

 private:
  // Exclusive to start and stop.
  std::shared_mutex mutex_;
  std::unique_ptr<controlplane::Appliance> appliance_;
};

}  // namespace mosd::api
