#include "controlplane/mosctl/flow_table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/mosctl/flow_reference.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/printable.h"

namespace mosd::mosctl {
namespace {

std::string Count(uint64_t count, bool exact) {
  return exact ? absl::StrCat(count) : HumanCount(count);
}

std::string Bytes(uint64_t bytes, bool exact) {
  return exact ? absl::StrCat(bytes) : HumanBytes(bytes);
}

const mos::v1::FlowSide& LastSide(const mos::v1::Flow& flow) {
  return flow.last_speaker() == mos::v1::SIDE_SERVER ? flow.server_side()
                                                     : flow.client_side();
}

std::string LastText(const mos::v1::Flow& flow, const Console& console) {
  const mos::v1::FlowSide& side = LastSide(flow);
  if (!side.has_last_time()) return Name(flow.last_speaker());
  return absl::StrCat(Name(flow.last_speaker()), " ",
                      HumanAge(TimeOf(side.last_time()), console.now));
}

void Line(const Console& console, absl::string_view label,
          absl::string_view value) {
  constexpr size_t kLabelColumns = 12;
  console.out << console.Paint(Style::kDim, label)
              << std::string(kLabelColumns - label.size(), ' ')
              << std::string(value) << "\n";
}

std::vector<Cell> SideRow(const std::string& name,
                          const mos::v1::Endpoint& endpoint,
                          const mos::v1::FlowSide& side,
                          const Console& console) {
  return {name,
          FormatEndpoint(endpoint),
          Name(side.tcp_state()),
          absl::StrCat(side.frames()),
          absl::StrCat(side.wire_bytes()),
          absl::StrCat(side.payload_bytes()),
          absl::StrCat(side.retransmitted_frames()),
          side.has_last_time()
              ? TimeText(TimeOf(side.last_time()), console.zone)
              : "-",
          side.has_last_pkt() ? "yes" : "no"};
}

}  // namespace

std::vector<Column> FlowColumns(bool wide) {
  std::vector<Column> columns = {
      {.title = "FLOW", .drop_order = 1},
      {.title = "CLIENT", .shrinks = true},
      {.title = "SERVER", .shrinks = true},
      {.title = "STATE"},
      {.title = "TCP C/S", .drop_order = 5},
      {.title = "LAST"},
      {.title = "FRAMES C/S", .right = true, .drop_order = 3},
      {.title = "BYTES", .right = true, .drop_order = 4},
      {.title = "END", .drop_order = 2},
  };
  if (!wide) return columns;
  columns.push_back({.title = "RETRANS C/S", .right = true});
  columns.push_back({.title = "WORKER", .right = true});
  columns.push_back({.title = "MIDSTREAM"});
  columns.push_back({.title = "STARTED"});
  for (Column& column : columns) {
    column.drop_order = 0;
    column.shrinks = false;
  }
  return columns;
}

Style StyleOf(const mos::v1::Flow& flow) {
  switch (flow.end_reason()) {
    case mos::v1::END_REASON_RST_CLIENT:
    case mos::v1::END_REASON_RST_SERVER:
      return Style::kBad;
    case mos::v1::END_REASON_IDLE_TIMEOUT:
    case mos::v1::END_REASON_EVICTED:
      return Style::kWarning;
    default:
      break;
  }
  return flow.state() == mos::v1::FLOW_STATE_ESTABLISHED ? Style::kGood
                                                         : Style::kPlain;
}

std::vector<Cell> FlowRow(const mos::v1::Flow& flow, const Console& console,
                          bool wide) {
  const mos::v1::FlowSide& client = flow.client_side();
  const mos::v1::FlowSide& server = flow.server_side();
  std::vector<Cell> row = {
      {Printable(flow.flow_id()), Style::kDim},
      FormatEndpoint(flow.tuple().client()),
      FormatEndpoint(flow.tuple().server()),
      {Name(flow.state()), StyleOf(flow)},
      absl::StrCat(Name(client.tcp_state()), "/", Name(server.tcp_state())),
      LastText(flow, console),
      absl::StrCat(Count(client.frames(), wide), "/",
                   Count(server.frames(), wide)),
      Bytes(client.wire_bytes() + server.wire_bytes(), wide),
      {Name(flow.end_reason()),
       flow.end_reason() == mos::v1::END_REASON_UNSPECIFIED ? Style::kPlain
                                                            : StyleOf(flow)},
  };
  if (!wide) return row;
  row.emplace_back(absl::StrCat(client.retransmitted_frames(), "/",
                                server.retransmitted_frames()));
  row.emplace_back(absl::StrCat(flow.worker()));
  row.emplace_back(flow.midstream() ? "yes" : "no");
  row.emplace_back(TimeText(TimeOf(flow.start_time()), console.zone));
  return row;
}

void PrintFlow(const mos::v1::Flow& flow, const Console& console) {
  const absl::Time start = TimeOf(flow.start_time());
  const absl::Time last = TimeOf(LastSide(flow).last_time());
  Line(console, "Flow", Printable(flow.flow_id()));
  Line(console, "State",
       flow.state() == mos::v1::FLOW_STATE_ENDED
           ? console.Paint(StyleOf(flow),
                           absl::StrCat("ended: ", Name(flow.end_reason())))
           : console.Paint(StyleOf(flow), Name(flow.state())));
  Line(console, "Started", TimeText(start, console.zone));
  if (flow.has_end_time()) {
    const absl::Time end = TimeOf(flow.end_time());
    Line(console, "Ended",
         absl::StrCat(TimeText(end, console.zone), ", after ",
                      HumanDuration(end - start)));
  }
  Line(console, "Last word",
       absl::StrCat(Name(flow.last_speaker()), ", ",
                    HumanAge(last, console.now)));
  Line(console, "Seen",
       flow.midstream() ? "from mid-stream; the client is inferred"
                        : "from the first SYN");
  Line(console, "Worker", absl::StrCat(flow.worker()));
  console.out << "\n";

  Table table({{.title = "SIDE"},
               {.title = "ENDPOINT", .shrinks = true},
               {.title = "TCP"},
               {.title = "FRAMES", .right = true},
               {.title = "BYTES", .right = true, .drop_order = 2},
               {.title = "PAYLOAD", .right = true, .drop_order = 1},
               {.title = "RETRANS", .right = true, .drop_order = 3},
               {.title = "LAST FRAME"},
               {.title = "KEPT", .drop_order = 4}});
  table.AddRow(
      SideRow("client", flow.tuple().client(), flow.client_side(), console));
  table.AddRow(
      SideRow("server", flow.tuple().server(), flow.server_side(), console));
  table.Flush(console);
}

}  // namespace mosd::mosctl
