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
  controlplane::ConfigBuilder builder;
  if (auto status = builder.ReadFile(config_file); !status.ok()) return status;
  std::vector<std::string> warnings;
  if (auto status = builder.ReadEnvironment(environ, &warnings); !status.ok()) {
    return status;
  }
  auto config = builder.Build();
  if (!config.ok()) return config.status();
  return Start(*config, &dataplane::Dataplane::Start);
}

absl::Status RunningAppliance::Start(
    const mos::v1::Config& config,
    const controlplane::Appliance::StartDataplane& start_dataplane) {
  const std::lock_guard life(life_mutex_);
  if (With([](const dataplane::Dataplane&) {})) {
    return absl::FailedPreconditionError(
        "an appliance is running in this process; stop it first");
  }
  auto appliance = controlplane::Appliance::Start(config, start_dataplane);
  if (!appliance.ok()) return appliance.status();
  const std::unique_lock readers(readers_mutex_);
  appliance_ = *std::move(appliance);
  return absl::OkStatus();
}

void RunningAppliance::Stop() {
  const std::lock_guard life(life_mutex_);
  std::unique_ptr<controlplane::Appliance> appliance;
  {
    const std::unique_lock readers(readers_mutex_);
    appliance = std::move(appliance_);
  }
}

}  // namespace mosd::api
