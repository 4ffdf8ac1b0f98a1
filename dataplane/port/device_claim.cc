#include "dataplane/port/device_claim.h"

#include <mutex>
#include <set>

namespace mosd::dataplane {
namespace {

std::mutex mutex;

std::set<std::string>& Claimed() {
  static std::set<std::string> claimed;
  return claimed;
}

}  // namespace

absl::StatusOr<DeviceClaim> DeviceClaim::Take(const std::string& device) {
  std::lock_guard lock(mutex);
  if (!Claimed().insert(device).second) {
    return absl::FailedPreconditionError("another port uses this device");
  }
  return DeviceClaim(device);
}

void DeviceClaim::Release() {
  if (device_.empty()) return;
  std::lock_guard lock(mutex);
  Claimed().erase(device_);
  device_.clear();
}

}  // namespace mosd::dataplane
