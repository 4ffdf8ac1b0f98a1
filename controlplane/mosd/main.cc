// The daemon: command line and configuration in, exit code out.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/effective_yaml.h"
#include "controlplane/config/key_reference.h"
#include "controlplane/config/pem_paths.h"
#include "controlplane/mosd/command_line.h"
#include "controlplane/mosd/daemon.h"
#include "controlplane/mosd/exit_code.h"
#include "controlplane/mosd/log.h"
#include "controlplane/mosd/machine.h"
#include "controlplane/mosd/plan.h"
#include "controlplane/mosd/plan_text.h"
#include "spdlog/spdlog.h"

namespace {

using namespace mosd::controlplane;  // NOLINT: this file is its main()

ExitCode Print(const std::string& text) {
  const bool ok =
      std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return ok ? ExitCode::kOk : ExitCode::kFailure;
}

// Certificates are part of what a start would refuse; devices are not tried.
ExitCode Check(const mos::v1::Config& config) {
  const absl::Status status =
      mosd::tls::ReadPem(ToPemPaths(config.grpc().tls())).status();
  std::fprintf(stderr, "%s\n",
               status.ok() ? "the configuration is valid"
                           : std::string(status.message()).c_str());
  return ExitCodeOf(status);
}

ExitCode PrintPlan(const mos::v1::Config& config) {
  const Plan plan = MakePlan(config, ReadMachine());
  const ExitCode printed = Print(PlanText(plan));
  if (printed != ExitCode::kOk) return printed;
  return plan.fits() ? ExitCode::kOk : ExitCode::kResources;
}

ExitCode Run(const CommandLine& command_line) {
  if (command_line.help_config) return Print(KeyReference());
  std::vector<std::string> warnings;
  const absl::StatusOr<mos::v1::Config> config =
      LoadConfig(command_line, &warnings);
  if (!config.ok()) {
    std::fprintf(stderr, "%s\n",
                 std::string(config.status().message()).c_str());
    return ExitCode::kConfiguration;
  }
  StartLog(config->log().level());
  for (const std::string& warning : warnings) spdlog::warn("{}", warning);
  if (command_line.print_config) return Print(EffectiveYaml(*config));
  if (command_line.check_config) return Check(*config);
  if (command_line.plan) return PrintPlan(*config);
  // A service may be installed before it is told what to watch.
  if (config->dataplane().ports().empty() && command_line.config_file.empty()) {
    std::fprintf(stderr,
                 "no port to take frames from; give --pcap FILE, --interface "
                 "NAME, --port DEVICE,\nor a --config FILE with "
                 "dataplane.ports (mosd --help)\n");
    return ExitCode::kUsage;
  }
  return RunDaemon(command_line, *config);
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine command_line;
  const std::optional<int> answered =
      ParseCommandLine(argc, argv, &command_line);
  return answered ? *answered : static_cast<int>(Run(command_line));
}
