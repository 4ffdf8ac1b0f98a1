#include "controlplane/mosctl/watch_command.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controlplane/mosctl/flow_reference.h"
#include "controlplane/mosctl/flow_table.h"
#include "controlplane/mosctl/interrupt.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/printable.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::mosctl {
namespace {

// "state_changed" is what the flow's state column says anyway.
std::string EventName(mos::v1::FlowEventKind kind) {
  return kind == mos::v1::FLOW_EVENT_KIND_STATE_CHANGED ? "changed"
                                                        : Name(kind);
}

void PrintTitles(const Console& console) {
  console.out << console.Paint(
                     Style::kHeading,
                     absl::StrFormat("%-15s  %-8s  %-24s  %-11s  %-12s  %s",
                                     "TIME", "EVENT", "FLOW", "STATE", "END",
                                     "CLIENT-SERVER"))
              << "\n";
}

// Rows come one by one, so that the columns have fixed widths and what varies
// most stands last.
void PrintEvent(const mos::v1::FlowEvent& event, const Console& console) {
  const mos::v1::Flow& flow = event.flow();
  const std::string state = Name(flow.state());
  const std::string end = Name(flow.end_reason());
  const auto pad = [&](const std::string& text, size_t width) {
    const size_t fill = width > text.size() ? width - text.size() : 0;
    return absl::StrCat(console.Paint(StyleOf(flow), text),
                        std::string(fill, ' '));
  };
  console.out << absl::FormatTime("%H:%M:%E6S", TimeOf(event.time()),
                                  console.zone)
              << absl::StrFormat("  %-8s  %-24s  ", EventName(event.kind()),
                                 Printable(flow.flow_id()))
              << pad(state, 11) << "  " << pad(end, 12) << "  "
              << FormatTuple(flow.tuple()) << "\n";
}

void PrintResponse(const mos::v1::WatchFlowsResponse& response,
                   OutputFormat format, const Console& console) {
  if (response.missed_events() > 0) {
    console.Complain(absl::StrCat(
        response.missed_events(),
        " events were lost: mosctl or the appliance was too slow"));
    if (format == OutputFormat::kJsonl) {
      mos::v1::WatchFlowsResponse gap;
      gap.set_missed_events(response.missed_events());
      console.out << ToJsonLine(gap);
    }
  }
  for (const mos::v1::FlowEvent& event : response.events()) {
    if (format == OutputFormat::kJsonl) {
      console.out << ToJsonLine(event);
    } else {
      PrintEvent(event, console);
    }
  }
  console.out.flush();
}

}  // namespace

ExitCode WatchFlows(const Session& session, const WatchFlowsOptions& options,
                    const Console& console) {
  mos::v1::WatchFlowsRequest request;
  request.set_filter(options.filter);
  request.set_include_existing(options.existing);
  grpc::ClientContext context;  // no deadline: it ends when the user says so
  std::atomic<bool> interrupted = false;
  const Interrupt interrupt([&] {
    interrupted = true;
    context.TryCancel();
  });
  const auto stub = mos::v1::FlowService::NewStub(session.channel);
  const auto reader = stub->WatchFlows(&context, request);
  bool titled = options.format == OutputFormat::kJsonl;
  mos::v1::WatchFlowsResponse response;
  while (reader->Read(&response)) {
    if (!titled) PrintTitles(console);
    titled = true;
    PrintResponse(response, options.format, console);
    if (!console.out) context.TryCancel();
  }
  const grpc::Status status = reader->Finish();
  if (interrupted || !console.out || status.ok()) return ExitCode::kOk;
  return session.Report(status, console);
}

}  // namespace mosd::mosctl
