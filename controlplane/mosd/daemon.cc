#include "controlplane/mosd/daemon.h"

#include <signal.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "controlplane/appliance/appliance.h"
#include "controlplane/grpc/convert.h"
#include "controlplane/mosd/certificate_log.h"
#include "controlplane/mosd/grpc_log.h"
#include "controlplane/mosd/log.h"
#include "controlplane/version/version.h"
#include "google/protobuf/util/json_util.h"
#include "mos/v1/appliance_service.pb.h"
#include "spdlog/spdlog.h"

namespace mosd::controlplane {
namespace {

constexpr long kTurnNs = 10'000'000;  // how soon an end of input is noticed
constexpr int kTurnsASecond = 100;

sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  return signals;
}

// From here on a signal does what it does by default: ends the process.
void LetSignalsKill() {
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void ReloadLogLevel(const CommandLine& command_line) {
  std::vector<std::string> warnings;
  const absl::StatusOr<mos::v1::Config> config =
      LoadConfig(command_line, &warnings);
  if (!config.ok()) {
    spdlog::error("configuration not read again: {}",
                  std::string(config.status().message()));
    return;
  }
  SetLogLevel(config->log().level());
  spdlog::info(
      "log level read again; certificates are, whenever they change; anything "
      "else needs a restart");
}

// Logs what went wrong at ports since the call before; true if anything ever
// did.
bool ReportPortErrors(const Appliance& appliance, std::set<size_t>* reported) {
  const auto ports = appliance.dataplane().Ports();
  for (size_t i = 0; i < ports.size(); ++i) {
    if (!ports[i].error.empty() && reported->insert(i).second) {
      spdlog::error("{}: {}", ports[i].device, ports[i].error);
    }
  }
  return !reported->empty();
}

// Waits for a reason to stop.
void Wait(const CommandLine& command_line, bool exit_on_eof,
          const Appliance& appliance, std::set<size_t>* reported_ports) {
  const sigset_t signals = AwaitedSignals();
  const timespec turn{0, kTurnNs};
  uint64_t watchdog_us = 0;
  const bool watchdog = sd_watchdog_enabled(0, &watchdog_us) > 0;
  bool was_live = true;
  CertificateLog certificate_log;
  for (uint64_t turns = 0;; ++turns) {
    const int signal = sigtimedwait(&signals, nullptr, &turn);
    if (signal == SIGINT || signal == SIGTERM) {
      spdlog::info("stopping: {}", signal == SIGINT ? "SIGINT" : "SIGTERM");
      return;
    }
    if (signal == SIGHUP) ReloadLogLevel(command_line);
    if (exit_on_eof && appliance.dataplane().InputExhausted()) {
      spdlog::info("stopping: all captures are read");
      return;
    }
    if (turns % kTurnsASecond != 0) continue;
    ReportPortErrors(appliance, reported_ports);
    if (const auto certificates = appliance.RefreshCertificates()) {
      certificate_log.Report(*certificates);
    }
    const absl::Status live = appliance.Live();
    if (live.ok() != was_live) {
      was_live = live.ok();
      if (was_live) {
        spdlog::info("all workers turn again");
      } else {
        spdlog::error("{}", std::string(live.message()));
      }
    }
    // A daemon with a stuck worker is left to the service manager.
    if (watchdog && was_live) sd_notify(0, "WATCHDOG=1");
  }
}

bool PrintSummary(const Appliance& appliance) {
  mos::v1::GetStatsResponse stats;
  FillStats(appliance.dataplane(), &stats);
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const bool ok =
      google::protobuf::util::MessageToJsonString(stats, &json, options).ok() &&
      std::printf("%s\n", json.c_str()) > 0 && std::fflush(stdout) == 0;
  if (!ok) spdlog::error("the summary cannot be written to stdout");
  return ok;
}

void LogStart(const Appliance& appliance) {
  for (const auto& port : appliance.dataplane().Ports()) {
    spdlog::info("port {}: {}, {} queue(s)", port.device, port.driver,
                 port.rx_queues);
  }
  if (appliance.dataplane().Ports().empty()) {
    spdlog::warn(
        "nothing is watched: no port in dataplane.ports, --interface, --pcap "
        "or --port");
  }
  for (const std::string& address : appliance.grpc_addresses()) {
    spdlog::info("gRPC on {}", address);
  }
  for (const std::string& address : appliance.metrics_addresses()) {
    spdlog::info("HTTP on {}: /metrics, /livez, /readyz", address);
  }
}

}  // namespace

ExitCode RunDaemon(const CommandLine& command_line,
                   const mos::v1::Config& config) {
  const sigset_t signals = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  RouteGrpcLog();
  spdlog::info("mosd {} ({}) starts", Version(), Commit());
  absl::StatusOr<std::unique_ptr<Appliance>> appliance =
      Appliance::Start(config);
  if (!appliance.ok()) {
    spdlog::error("{}", std::string(appliance.status().message()));
    return ExitCodeOf(appliance.status());
  }
  LogStart(**appliance);
  sd_notify(0, "READY=1");

  std::set<size_t> reported_ports;
  Wait(command_line, config.dataplane().exit_on_eof(), **appliance,
       &reported_ports);

  sd_notify(0, "STOPPING=1");
  LetSignalsKill();
  (*appliance)->Stop();
  const bool port_failed = ReportPortErrors(**appliance, &reported_ports);
  if (command_line.summary && !PrintSummary(**appliance)) {
    return ExitCode::kFailure;
  }
  spdlog::info("stopped");
  return port_failed ? ExitCode::kInput : ExitCode::kOk;
}

}  // namespace mosd::controlplane
