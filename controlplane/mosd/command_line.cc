#include "controlplane/mosd/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/config_builder.h"
#include "controlplane/mosd/exit_code.h"
#include "controlplane/version/version.h"

namespace mosd::controlplane {
namespace {

constexpr char kDescription[] =
    R"(mosd watches TCP flows and keeps the last Ethernet frame each side sent.
It serves flows and frames over gRPC (ask with mosctl) and its health to
Prometheus.

Examples:
  mosd --pcap trace.pcap                    read a capture, then serve what it held
  mosd --interface eth0                     watch an interface (as root)
  mosd --config /etc/mosd/mosd.yaml         run as configured
  mosd --config mosd.yaml --check-config    say what is wrong with a file, and exit
  mosd --plan --set dataplane.max_flows=4000000    what memory that takes
  mosd --pcap t.pcap --exit-on-eof --summary    count a capture, print JSON
)";

constexpr char kFooter[] =
    R"(Ports given here replace those of the file. Unless told otherwise, gRPC is
served on a Unix socket (/run/mosd/mosd.sock for root) and on 127.0.0.1:50051,
metrics on 127.0.0.1:9464. Any key of the configuration can be set by flag
(--set), by environment variable and in the file; --help-config lists them.

Data goes to stdout, messages to stderr. SIGTERM and SIGINT stop in good order,
a second one at once; SIGHUP reads the log level again.

Exit codes:
)";

// A repeatable option that takes one value each time.
CLI::Option* AddList(CLI::App* app, const std::string& name,
                     std::vector<std::string>* values,
                     const std::string& help) {
  return app->add_option(name, *values, help)->allow_extra_args(false);
}

}  // namespace

std::optional<int> ParseCommandLine(int argc, char** argv,
                                    CommandLine* command_line) {
  CLI::App app(kDescription, "mosd");
  app.footer(absl::StrCat(kFooter, ExitCodeHelp()));
  app.set_version_flag("--version",
                       absl::StrCat("mosd ", std::string(Version()), " (",
                                    std::string(Commit()), ")"));
  app.get_formatter()->column_width(30);
  std::vector<std::string> captures, interfaces, devices, sets;
  std::string workers, log_level;

  app.add_option("--config", command_line->config_file,
                 "Configuration file (YAML)")
      ->envname("MOSD_CONFIG")
      ->type_name("FILE");
  AddList(&app, "--pcap", &captures, "Read a capture; repeatable")
      ->type_name("FILE");
  AddList(&app, "--interface", &interfaces,
          "Watch a network interface; repeatable")
      ->type_name("NAME");
  AddList(&app, "--port", &devices,
          "Take frames from any device (--help-config); repeatable")
      ->type_name("DEVICE");
  app.add_flag("--loop", command_line->loop,
               "Captures: begin again at the end");
  app.add_option("--pace", command_line->pace,
                 "Captures: as fast as possible, or as recorded")
      ->type_name("full|timestamps");
  app.add_flag("--exit-on-eof", command_line->exit_on_eof,
               "Exit when all captures are read");
  app.add_flag("--summary", command_line->summary,
               "At exit, print the counters: one line of JSON");
  app.add_option("--workers", workers, "Worker threads")->type_name("N");
  AddList(&app, "--grpc-listen", &command_line->grpc_listen,
          "Serve gRPC here: HOST:PORT or unix:PATH; repeatable")
      ->type_name("ADDR");
  AddList(&app, "--metrics-listen", &command_line->metrics_listen,
          "Serve metrics here: HOST:PORT; repeatable")
      ->type_name("ADDR");
  AddList(&app, "--set", &sets, "Set a key of the configuration; repeatable")
      ->type_name("PATH=VALUE");
  app.add_option("--log-level", log_level,
                 "trace, debug, info, warn, error, off")
      ->type_name("LEVEL");
  app.add_flag("--plan", command_line->plan,
               "Print what memory that takes, and exit; needs no port");
  app.add_flag("--check-config", command_line->check_config,
               "Check the configuration and exit");
  app.add_flag("--print-config", command_line->print_config,
               "Print the effective configuration and exit");
  app.add_flag("--help-config", command_line->help_config,
               "Print the reference of all keys and exit");
  try {
    app.parse(argc, argv);
    for (const std::string& set : sets) {
      const size_t equals = set.find('=');
      if (equals == set.npos) {
        throw CLI::ValidationError("--set",
                                   "\"" + set + "\" is not PATH=VALUE");
      }
      command_line->settings.push_back(
          {"--set", set.substr(0, equals), set.substr(equals + 1)});
    }
  } catch (const CLI::ParseError& error) {
    // --help and --version come here too, with code 0.
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  for (const std::string& file : captures) {
    command_line->ports.push_back("pcap:" + file);
  }
  for (const std::string& name : interfaces) {
    command_line->ports.push_back("af_packet:" + name);
  }
  command_line->ports.insert(command_line->ports.end(), devices.begin(),
                             devices.end());
  if (!workers.empty()) {
    command_line->settings.push_back(
        {"--workers", "dataplane.workers", workers});
  }
  if (!log_level.empty()) {
    command_line->settings.push_back({"--log-level", "log.level", log_level});
  }
  return std::nullopt;
}

namespace {

// --loop and --pace: for every capture there is.
absl::Status SetCaptures(const CommandLine& command_line,
                         ConfigBuilder* builder) {
  if (!command_line.loop && command_line.pace.empty()) return absl::OkStatus();
  const std::string flag = command_line.loop ? "--loop" : "--pace";
  const auto ports = builder->config().dataplane().ports();
  bool found = false;
  for (int i = 0; i < ports.size(); ++i) {
    if (!absl::StartsWith(ports[i].device(), "pcap:")) continue;
    found = true;
    const std::string path = absl::StrCat("dataplane.ports[", i, "].");
    absl::Status status;
    if (command_line.loop) {
      status.Update(builder->Set(path + "loop", "true", "--loop"));
    }
    if (!command_line.pace.empty()) {
      status.Update(builder->Set(path + "pace", command_line.pace, "--pace"));
    }
    if (!status.ok()) return status;
  }
  if (found) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": there is no capture; name one with --pcap FILE"));
}

// --exit-on-eof makes sense only if there is an end.
absl::Status CheckEnds(const mos::v1::Config& config) {
  if (!config.dataplane().exit_on_eof()) return absl::OkStatus();
  for (const mos::v1::PortConfig& port : config.dataplane().ports()) {
    if (!absl::StartsWith(port.device(), "pcap:") || port.loop()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--exit-on-eof: ", port.device(),
                       port.loop() ? " loops and never ends; leave out --loop"
                                   : " is no capture and never ends"));
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyFlags(const CommandLine& command_line,
                        ConfigBuilder* builder) {
  absl::Status status;
  if (!command_line.ports.empty()) {
    status.Update(builder->SetList("dataplane.ports", command_line.ports,
                                   "--pcap, --interface or --port"));
  }
  if (!command_line.grpc_listen.empty()) {
    status.Update(builder->SetList("grpc.listen", command_line.grpc_listen,
                                   "--grpc-listen"));
  }
  if (!command_line.metrics_listen.empty()) {
    status.Update(builder->SetList(
        "metrics.listen", command_line.metrics_listen, "--metrics-listen"));
  }
  for (const CommandLine::Setting& setting : command_line.settings) {
    status.Update(builder->Set(setting.path, setting.value, setting.flag));
  }
  if (command_line.exit_on_eof) {
    status.Update(
        builder->Set("dataplane.exit_on_eof", "true", "--exit-on-eof"));
  }
  status.Update(SetCaptures(command_line, builder));
  return status;
}

}  // namespace

absl::StatusOr<mos::v1::Config> LoadConfig(const CommandLine& command_line,
                                           std::vector<std::string>* warnings) {
  ConfigBuilder builder;
  if (!command_line.config_file.empty()) {
    absl::Status status = builder.ReadFile(command_line.config_file);
    if (!status.ok()) return status;
  }
  absl::Status status = builder.ReadEnvironment(environ, warnings);
  if (status.ok()) status = ApplyFlags(command_line, &builder);
  if (!status.ok()) return status;
  absl::StatusOr<mos::v1::Config> config = builder.Build();
  if (!config.ok()) return config;
  status = CheckEnds(*config);
  if (!status.ok()) return status;
  return config;
}

}  // namespace mosd::controlplane
