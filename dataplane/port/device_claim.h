// That a device of this process is used by one port at a time. Any thread.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace mosd::dataplane {

class DeviceClaim {
 public:
  // FAILED_PRECONDITION while another claim on `device` lives.
  static absl::StatusOr<DeviceClaim> Take(const std::string& device);

  DeviceClaim() = default;
  DeviceClaim(DeviceClaim&& other) noexcept
      : device_(std::exchange(other.device_, {})) {}
  DeviceClaim& operator=(DeviceClaim&& other) noexcept {
    std::swap(device_, other.device_);
    return *this;
  }
  ~DeviceClaim() { Release(); }

  void Release();

 private:
  explicit DeviceClaim(std::string device) : device_(std::move(device)) {}

  std::string device_;  // empty: none
};

}  // namespace mosd::dataplane
