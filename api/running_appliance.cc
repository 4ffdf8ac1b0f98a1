#include "api/running_appliance.h"

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/config_builder.h"

namespace mosd::api {

RunningAppliance& RunningAppliance::Get() {
  // Never destroyed: a thread may still read while the process ends.
  static auto* const running = new RunningAppliance;
  return *running;
}

absl::Status RunningAppliance::Start(const char* config_file) {
  const std::unique_lock lock(mutex_);
  if (appliance_ != nullptr) {
    return absl::FailedPreconditionError(
        "an appliance is running in this process; call mos_stop first");
  }
  controlplane::ConfigBuilder builder;
  if (auto status = builder.ReadFile(config_file); !status.ok()) return status;
  std::vector<std::string> warnings;
  if (auto status = builder.ReadEnvironment(environ, &warnings); !status.ok()) {
    return status;
  }
  auto config = builder.Build();
  if (!config.ok()) return config.status();
  auto appliance = controlplane::Appliance::Start(*config);
  if (!appliance.ok()) return appliance.status();
  appliance_ = *std::move(appliance);
  return absl::OkStatus();
}

void RunningAppliance::Stop() {
  const std::unique_lock lock(mutex_);
  appliance_.reset();
}

}  // namespace mosd::api
