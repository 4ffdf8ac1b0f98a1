#include "controlplane/mosctl/appliance_commands.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/printable.h"
#include "controlplane/mosctl/stats_text.h"
#include "controlplane/mosctl/table.h"
#include "mos/v1/appliance_service.grpc.pb.h"

namespace mosd::mosctl {
namespace {

using mos::v1::ApplianceService;

template <typename Request, typename Response>
using Method = grpc::Status (ApplianceService::Stub::*)(grpc::ClientContext*,
                                                        const Request&,
                                                        Response*);

// Calls `method` and shows the answer: `print` makes the table.
template <typename Request, typename Response>
ExitCode Show(const Session& session, OutputFormat format,
              const Console& console, Method<Request, Response> method,
              void (*print)(const Response&, const Console&)) {
  const auto stub = ApplianceService::NewStub(session.channel);
  grpc::ClientContext context;
  session.SetDeadline(&context);
  Response response;
  const grpc::Status status = (stub.get()->*method)(&context, {}, &response);
  if (!status.ok()) return session.Report(status, console);
  if (format == OutputFormat::kTable) {
    print(response, console);
  } else {
    console.out << Serialize(response, format);
  }
  return ExitCode::kOk;
}

std::string Percent(uint64_t part, uint64_t whole) {
  return whole == 0
             ? "-"
             : absl::StrFormat("%.1f%%", 100.0 * static_cast<double>(part) /
                                             static_cast<double>(whole));
}

void PrintPorts(const mos::v1::ListPortsResponse& response,
                const Console& console) {
  if (response.ports().empty()) console.Complain("no ports");
  Table table({{.title = "PORT", .right = true},
               {.title = "DEVICE", .shrinks = true},
               {.title = "DRIVER", .drop_order = 2},
               {.title = "STATE"},
               {.title = "QUEUES", .right = true, .drop_order = 1},
               {.title = "FRAMES", .right = true},
               {.title = "BYTES", .right = true, .drop_order = 3},
               {.title = "MISSED", .right = true},
               {.title = "ERRORS", .right = true},
               {.title = "NO BUFFER", .right = true}});
  const auto loss = [](uint64_t frames) {
    return Cell(absl::StrCat(frames), frames > 0 ? Style::kBad : Style::kPlain);
  };
  for (const mos::v1::Port& port : response.ports()) {
    const char* state = port.exhausted() ? "read to its end"
                        : port.link_up() ? "up"
                                         : "down";
    table.AddRow({absl::StrCat(port.index()),
                  Printable(port.device()),
                  Printable(port.driver()),
                  {state, port.exhausted() || port.link_up() ? Style::kGood
                                                             : Style::kBad},
                  absl::StrCat(port.rx_queues()),
                  absl::StrCat(port.rx_frames()),
                  absl::StrCat(port.rx_bytes()),
                  loss(port.missed_frames()),
                  loss(port.error_frames()),
                  loss(port.no_mbuf_frames())});
  }
  table.Flush(console);
}

void PrintWorkers(const mos::v1::ListWorkersResponse& response,
                  const Console& console) {
  if (response.workers().empty()) console.Complain("no workers");
  Table table({{.title = "WORKER", .right = true},
               {.title = "CPU", .right = true},
               {.title = "RECEIVED", .right = true},
               {.title = "ACCOUNTED", .right = true},
               {.title = "DROPPED", .right = true},
               {.title = "HANDED IN/OUT", .right = true, .drop_order = 3},
               {.title = "FLOWS", .right = true},
               {.title = "OF", .right = true, .drop_order = 2},
               {.title = "ENDED", .right = true},
               {.title = "BUSY", .right = true, .drop_order = 1},
               {.title = "SLOW", .right = true, .drop_order = 4},
               {.title = "HEARTBEAT"}});
  for (const mos::v1::Worker& worker : response.workers()) {
    uint64_t dropped = 0;
    for (const mos::v1::DropCount& drop : worker.drops()) {
      dropped += drop.frames();
    }
    const absl::Duration age = DurationOf(worker.heartbeat_age());
    table.AddRow({absl::StrCat(worker.index()),
                  worker.cpu() < 0 ? "-" : absl::StrCat(worker.cpu()),
                  absl::StrCat(worker.received_frames()),
                  absl::StrCat(worker.accounted_frames()),
                  absl::StrCat(dropped),
                  absl::StrCat(worker.handed_in_frames(), "/",
                               worker.handed_out_frames()),
                  absl::StrCat(worker.live_flows()),
                  absl::StrCat(worker.flow_capacity()),
                  absl::StrCat(worker.ended_flows()),
                  Percent(worker.busy_turns(), worker.turns()),
                  {absl::StrCat(worker.slow_turns()),
                   worker.slow_turns() > 0 ? Style::kBad : Style::kPlain},
                  {absl::StrCat(HumanDuration(age), " ago"),
                   age > absl::Seconds(1) ? Style::kBad : Style::kGood}});
  }
  table.Flush(console);
}

void PrintInfo(const mos::v1::GetInfoResponse& info, const Console& console) {
  const auto line = [&](absl::string_view label, absl::string_view value) {
    console.out << console.Paint(Style::kDim, absl::StrFormat("%-11s", label))
                << std::string(value) << "\n";
  };
  const absl::Time start = TimeOf(info.start_time());
  line("Node", Printable(info.node()));
  line("Version",
       absl::StrCat(Printable(info.version()), " (", Printable(info.commit()),
                    "), ", Printable(info.dpdk_version())));
  line("Started", absl::StrCat(TimeText(start, console.zone), ", ",
                               HumanAge(start, console.now)));
  line("Boot epoch", Printable(info.boot_epoch()));
  line("Features", Printable(absl::StrJoin(info.features(), ", ")));
  line("Input", info.input_exhausted() ? "read to its end" : "open");
}

}  // namespace

ExitCode ShowPorts(const Session& session, OutputFormat format,
                   const Console& console) {
  return Show(session, format, console, &ApplianceService::Stub::ListPorts,
              &PrintPorts);
}

ExitCode ShowWorkers(const Session& session, OutputFormat format,
                     const Console& console) {
  return Show(session, format, console, &ApplianceService::Stub::ListWorkers,
              &PrintWorkers);
}

ExitCode ShowStats(const Session& session, OutputFormat format,
                   const Console& console) {
  return Show(session, format, console, &ApplianceService::Stub::GetStats,
              &PrintStats);
}

ExitCode ShowInfo(const Session& session, OutputFormat format,
                  const Console& console) {
  return Show(session, format, console, &ApplianceService::Stub::GetInfo,
              &PrintInfo);
}

}  // namespace mosd::mosctl
