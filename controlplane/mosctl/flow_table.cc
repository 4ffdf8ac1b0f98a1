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

void AppendLast(const mos::v1::Flow& flow, const Console& console,
                std::string* text) {
  const mos::v1::FlowSide& side = LastSide(flow);
  *text += Name(flow.last_speaker());
  if (!side.has_last_time()) return;
  absl::StrAppend(text, " ", HumanAge(TimeOf(side.last_time()), console.now));
}

// Empties the cells of a row one after the other, and makes those that it does
// not have yet.
class RowFiller {
 public:
  explicit RowFiller(std::vector<Cell>* row) : row_(*row) {}

  std::string* Next(Style style = Style::kPlain) {
    if (next_ == row_.size()) row_.emplace_back("");
    Cell& cell = row_[next_++];
    cell.text.clear();
    cell.style = style;
    return &cell.text;
  }

 private:
  std::vector<Cell>& row_;
  size_t next_ = 0;
};

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

void FillFlowRow(const mos::v1::Flow& flow, const Console& console, bool wide,
                 std::vector<Cell>* row) {
  const mos::v1::FlowSide& client = flow.client_side();
  const mos::v1::FlowSide& server = flow.server_side();
  const Style style = StyleOf(flow);
  const bool has_end = flow.end_reason() != mos::v1::END_REASON_UNSPECIFIED;
  RowFiller cells(row);
  AppendPrintable(flow.flow_id(), cells.Next(Style::kDim));
  AppendEndpoint(flow.tuple().client(), cells.Next());
  AppendEndpoint(flow.tuple().server(), cells.Next());
  *cells.Next(style) = Name(flow.state());
  absl::StrAppend(cells.Next(), Name(client.tcp_state()), "/",
                  Name(server.tcp_state()));
  AppendLast(flow, console, cells.Next());
  absl::StrAppend(cells.Next(), Count(client.frames(), wide), "/",
                  Count(server.frames(), wide));
  *cells.Next() = Bytes(client.wire_bytes() + server.wire_bytes(), wide);
  *cells.Next(has_end ? style : Style::kPlain) = Name(flow.end_reason());
  if (!wide) return;
  absl::StrAppend(cells.Next(), client.retransmitted_frames(), "/",
                  server.retransmitted_frames());
  absl::StrAppend(cells.Next(), flow.worker());
  *cells.Next() = flow.midstream() ? "yes" : "no";
  *cells.Next() = TimeText(TimeOf(flow.start_time()), console.zone);
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
