#include "controlplane/mosctl/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controlplane/mosctl/appliance_commands.h"
#include "controlplane/mosctl/command_help.h"
#include "controlplane/mosctl/command_options.h"
#include "controlplane/mosctl/completion.h"
#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/flow_commands.h"
#include "controlplane/mosctl/lastpkt_command.h"
#include "controlplane/mosctl/message_output.h"
#include "controlplane/mosctl/printable.h"
#include "controlplane/mosctl/server_address.h"
#include "controlplane/mosctl/session.h"
#include "controlplane/mosctl/tls_options.h"
#include "controlplane/mosctl/watch_command.h"
#include "controlplane/version/version.h"

namespace mosd::mosctl {
namespace {

// The options of every command, and the one that was chosen.
class CommandLine {
 public:
  CommandLine();

  CLI::App& app() { return app_; }
  ExitCode Run(std::ostream& out, std::ostream& err);

 private:
  using RemoteCommand = std::function<ExitCode(const Session&, const Console&)>;
  using ApplianceCommand = ExitCode (*)(const Session&, OutputFormat,
                                        const Console&);

  void AddGlobals();
  void AddFlowCommands();
  void AddListCommand(CLI::App* flows);
  void AddWatchCommand(CLI::App* flows);
  void AddLastPktCommand();
  void AddApplianceCommand(const char* name, const char* description,
                           ApplianceCommand command);
  void AddCompletionCommand();

  ExitCode RunRemote(const Console& console) const;

  CLI::App app_{kAbout, "mosctl"};
  std::string server_;
  TlsOptions tls_;
  absl::Duration timeout_ = absl::Seconds(10);
  ColorMode color_ = ColorMode::kAuto;
  bool utc_ = false;

  ListFlowsOptions list_;
  bool ended_ = false;
  bool all_ = false;
  GetFlowOptions get_;
  WatchFlowsOptions watch_;
  LastPktOptions lastpkt_;
  OutputFormat appliance_format_ = OutputFormat::kTable;
  std::string shell_;

  RemoteCommand remote_;  // empty: completion
};

std::string FailureText(const CLI::App*, const CLI::Error& error) {
  return absl::StrCat("mosctl: ", Printable(error.what()),
                      "\n  mosctl --help, and --help behind a command, explain "
                      "and give examples.\n");
}

CommandLine::CommandLine() {
  app_.footer(absl::StrCat(kNotes, ExitCodeHelp()));
  app_.set_version_flag("--version",
                        absl::StrCat("mosctl ", controlplane::Version(), " (",
                                     controlplane::Commit(), ")"));
  app_.get_formatter()->column_width(34);
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.failure_message(FailureText);
  AddGlobals();
  AddFlowCommands();
  AddLastPktCommand();
  AddApplianceCommand("ports", "Where frames come from", &ShowPorts);
  AddApplianceCommand("workers", "Dataplane threads and their load",
                      &ShowWorkers);
  AddApplianceCommand("stats", "Counters of the whole appliance", &ShowStats);
  AddApplianceCommand("info", "Version, node and features", &ShowInfo);
  AddCompletionCommand();
}

void CommandLine::AddGlobals() {
  app_.add_option("--server", server_,
                  "Where mosd listens: host:port or unix:PATH")
      ->envname("MOSCTL_SERVER")
      ->type_name("ADDR");
  AddTlsOptions(&app_, &tls_);
  app_.add_option_function<std::string>(
          "--timeout",
          [this](const std::string& text) {
            if (!absl::ParseDuration(text, &timeout_) ||
                timeout_ <= absl::ZeroDuration()) {
              throw CLI::ValidationError(absl::StrCat(
                  "--timeout wants a time such as 10s or 500ms, not \"", text,
                  "\""));
            }
          },
          "How long a call may take [10s]")
      ->envname("MOSCTL_TIMEOUT")
      ->type_name("TIME");
  AddChoice(
      &app_, "--color", {"auto", "always", "never"},
      [this](size_t i) { color_ = static_cast<ColorMode>(i); },
      "Color; auto heeds NO_COLOR [auto]")
      ->envname("MOSCTL_COLOR");
  app_.add_flag("--utc", utc_, "Times in UTC instead of local time")
      ->envname("MOSCTL_UTC");
}

void CommandLine::AddFlowCommands() {
  CLI::App* flows = app_.add_subcommand("flows", "TCP flows");
  flows->require_subcommand(1);
  AddListCommand(flows);

  CLI::App* get = flows->add_subcommand("get", "One flow, both sides");
  AddFlow(get, &get_.flow);
  AddOutput(get,
            {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kYaml},
            &get_.format);
  get->callback([this] {
    remote_ = [this](const Session& session, const Console& console) {
      return GetFlow(session, get_, console);
    };
  });
  AddWatchCommand(flows);
}

void CommandLine::AddListCommand(CLI::App* flows) {
  const std::vector<std::string> states = {"half_open", "established",
                                           "closing", "time_wait", "ended"};
  CLI::App* list = flows->add_subcommand("list", "Flows, live or ended");
  list->footer(kListNotes);
  list->add_option("--filter", list_.filter, "Only flows that match")
      ->type_name("EXPR");
  AddChoice(
      list, "--state", states,
      [this, states](size_t i) { list_.state = states[i]; },
      "Only flows in that state");
  CLI::Option* ended =
      list->add_flag("--ended", ended_, "Flows that are over and still kept");
  list->add_flag("--all", all_, "Live flows and ended ones")->excludes(ended);
  list->add_option("--limit", list_.limit, "At most so many flows")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  AddOutput(list,
            {OutputFormat::kTable, OutputFormat::kWide, OutputFormat::kJson,
             OutputFormat::kJsonl, OutputFormat::kYaml},
            &list_.format);
  list->callback([this] {
    list_.view = all_     ? mos::v1::FLOW_VIEW_ALL
                 : ended_ ? mos::v1::FLOW_VIEW_ENDED
                          : mos::v1::FLOW_VIEW_LIVE;
    remote_ = [this](const Session& session, const Console& console) {
      return ListFlows(session, list_, console);
    };
  });
}

void CommandLine::AddWatchCommand(CLI::App* flows) {
  CLI::App* watch = flows->add_subcommand(
      "watch", "Flows as they start, change state and end");
  watch->footer(kWatchNotes);
  watch->add_option("--filter", watch_.filter, "Only flows that match")
      ->type_name("EXPR");
  watch->add_flag("--existing", watch_.existing, "Begin with the live flows");
  AddOutput(watch, {OutputFormat::kTable, OutputFormat::kJsonl},
            &watch_.format);
  watch->callback([this] {
    remote_ = [this](const Session& session, const Console& console) {
      return WatchFlows(session, watch_, console);
    };
  });
}

void CommandLine::AddLastPktCommand() {
  CLI::App* lastpkt =
      app_.add_subcommand("lastpkt", "The last frame each side sent");
  lastpkt->require_subcommand(1);
  CLI::App* get = lastpkt->add_subcommand("get", "Fetch it");
  get->footer(kLastPktNotes);
  AddFlow(get, &lastpkt_.flow);
  AddChoice(
      get, "--side", {"client", "server", "both"},
      [this](size_t i) {
        lastpkt_.side = i == 0   ? mos::v1::SIDE_CLIENT
                        : i == 1 ? mos::v1::SIDE_SERVER
                                 : mos::v1::SIDE_UNSPECIFIED;
      },
      "Whose frame [both]");
  AddOutput(get,
            {OutputFormat::kText, OutputFormat::kHex, OutputFormat::kJson,
             OutputFormat::kYaml, OutputFormat::kPcapng, OutputFormat::kRaw},
            &lastpkt_.format);
  get->add_option("--output-file", lastpkt_.output_file,
                  "Write there instead of stdout")
      ->type_name("FILE");
  get->callback([this] {
    remote_ = [this](const Session& session, const Console& console) {
      return GetLastPkt(session, lastpkt_, console);
    };
  });
}

void CommandLine::AddApplianceCommand(const char* name, const char* description,
                                      ApplianceCommand command) {
  CLI::App* app = app_.add_subcommand(name, description);
  AddOutput(app,
            {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kYaml},
            &appliance_format_);
  app->callback([this, command] {
    remote_ = [this, command](const Session& session, const Console& console) {
      return command(session, appliance_format_, console);
    };
  });
}

void CommandLine::AddCompletionCommand() {
  const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  CLI::App* completion =
      app_.add_subcommand("completion", "Completion script for a shell");
  completion->footer(kCompletionNotes);
  AddChoice(
      completion, "SHELL", shells,
      [this, shells](size_t i) { shell_ = shells[i]; }, "Which shell")
      ->required();
}

ExitCode CommandLine::RunRemote(const Console& console) const {
  std::string server = server_;
  if (server.empty()) {
    const auto found = FindServer(DefaultSockets());
    if (!found.ok()) {
      console.Complain(found.status().message());
      return ExitCode::kUnreachable;
    }
    server = *found;
  }
  const auto target = ServerTarget(server);
  if (!target.ok()) {
    console.Complain(target.status().message());
    return ExitCode::kUsage;
  }
  const auto session = OpenSession(server, *target, tls_, timeout_);
  if (!session.ok()) {
    console.Complain(session.status().message());
    return ExitCode::kUsage;
  }
  return remote_(*session, console);
}

ExitCode CommandLine::Run(std::ostream& out, std::ostream& err) {
  const Console console = ProcessConsole(out, err, color_, utc_);
  if (remote_) return RunRemote(console);
  out << CompletionScript(app_, shell_);
  return ExitCode::kOk;
}

}  // namespace

ExitCode RunCommandLine(int argc, const char* const* argv, std::ostream& out,
                        std::ostream& err) {
  CommandLine command_line;
  try {
    command_line.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = command_line.app().exit(error, out, err);
    return code == 0 ? ExitCode::kOk : ExitCode::kUsage;
  }
  return command_line.Run(out, err);
}

}  // namespace mosd::mosctl
