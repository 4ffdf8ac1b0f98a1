#include "controlplane/mosctl/flow_commands.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/mosctl/flow_pages.h"
#include "controlplane/mosctl/flow_reference.h"
#include "controlplane/mosctl/flow_table.h"
#include "controlplane/mosctl/table.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::mosctl {
namespace {

using mos::v1::FlowService;

// Where the pages of a list go.
class PageSink {
 public:
  virtual ~PageSink() = default;
  virtual void Take(const mos::v1::ListFlowsResponse& page) = 0;
  virtual void Finish() {}
};

class TableSink : public PageSink {
 public:
  TableSink(const Console& console, bool wide)
      : console_(console), wide_(wide), table_(FlowColumns(wide)) {
    // Wide means all of it, whatever the width.
    if (wide) console_.width = 0;
  }
  void Take(const mos::v1::ListFlowsResponse& page) override {
    for (const mos::v1::Flow& flow : page.flows()) {
      FillFlowRow(flow, console_, wide_, &row_);
      table_.AddRow(row_);
    }
    table_.Flush(console_);
  }
  void Finish() override {
    const std::vector<std::string> dropped = table_.Dropped();
    if (!dropped.empty() && console_.err_is_terminal) {
      console_.err << "(no room for " << absl::StrJoin(dropped, ", ")
                   << "; -o wide shows all columns)\n";
    }
  }

 private:
  Console console_;
  bool wide_;
  Table table_;
  std::vector<Cell> row_;
};

class LineSink : public PageSink {
 public:
  explicit LineSink(const Console& console) : console_(console) {}
  void Take(const mos::v1::ListFlowsResponse& page) override {
    for (const mos::v1::Flow& flow : page.flows()) {
      console_.out << ToJsonLine(flow);
    }
  }

 private:
  const Console& console_;
};

class DocumentSink : public PageSink {
 public:
  DocumentSink(const Console& console, OutputFormat format)
      : console_(console), format_(format) {}
  void Take(const mos::v1::ListFlowsResponse& page) override {
    whole_.MergeFrom(page);
    whole_.set_next_page_token(page.next_page_token());
  }
  void Finish() override { console_.out << Serialize(whole_, format_); }

 private:
  const Console& console_;
  OutputFormat format_;
  mos::v1::ListFlowsResponse whole_;
};

std::unique_ptr<PageSink> MakeSink(const Console& console,
                                   OutputFormat format) {
  switch (format) {
    case OutputFormat::kJson:
    case OutputFormat::kYaml:
      return std::make_unique<DocumentSink>(console, format);
    case OutputFormat::kJsonl:
      return std::make_unique<LineSink>(console);
    default:
      return std::make_unique<TableSink>(console,
                                         format == OutputFormat::kWide);
  }
}

mos::v1::ListFlowsRequest RequestFor(const ListFlowsOptions& options) {
  mos::v1::ListFlowsRequest request;
  request.set_view(options.view);
  request.set_filter(options.filter);
  if (!options.state.empty()) {
    const std::string state = absl::StrCat("state=", options.state);
    request.set_filter(
        options.filter.empty()
            ? state
            : absl::StrCat("(", options.filter, ") and ", state));
    // No live flow has ended: the user means the ended ones.
    if (options.state == "ended" && options.view == mos::v1::FLOW_VIEW_LIVE) {
      request.set_view(mos::v1::FLOW_VIEW_ENDED);
    }
  }
  return request;
}

absl::string_view EmptyText(const mos::v1::ListFlowsRequest& request) {
  if (!request.filter().empty()) return "no flow matches";
  switch (request.view()) {
    case mos::v1::FLOW_VIEW_ENDED:
      return "no ended flows are kept";
    case mos::v1::FLOW_VIEW_ALL:
      return "no flows yet";
    default:
      return "no live flows; --ended or --all shows those that are over";
  }
}

// Shows how far a long list has come, and wipes that again.
class Progress {
 public:
  Progress(const Console& console, bool wanted)
      : console_(console), wanted_(wanted && console.err_is_terminal) {}
  ~Progress() {
    if (shown_) console_.err << "\r\033[K" << std::flush;
  }
  void Show(uint64_t flows) {
    if (!wanted_) return;
    console_.err << "\r" << flows << " flows ..." << std::flush;
    shown_ = true;
  }

 private:
  const Console& console_;
  bool wanted_;
  bool shown_ = false;
};

}  // namespace

ExitCode ListFlows(const Session& session, const ListFlowsOptions& options,
                   const Console& console) {
  const mos::v1::ListFlowsRequest request = RequestFor(options);
  const std::unique_ptr<PageSink> sink = MakeSink(console, options.format);
  FlowPages pages(&session, request, options.limit);
  {
    // Not where the rows themselves scroll by.
    Progress progress(console, !console.out_is_terminal);
    while (console.out) {
      const mos::v1::ListFlowsResponse* const page = pages.Next();
      if (page == nullptr) break;
      sink->Take(*page);
      if (options.limit > 0 && pages.listed() >= options.limit) break;
      if (pages.more()) progress.Show(pages.listed());
    }
    if (!pages.status().ok()) return session.Report(pages.status(), console);
    sink->Finish();
  }
  if (pages.listed() == 0) console.Complain(EmptyText(request));
  if (options.limit > 0 && pages.more() && pages.listed() > 0) {
    console.Complain(absl::StrCat("stopped at --limit ", options.limit,
                                  "; there may be more flows"));
  }
  return ExitCode::kOk;
}

ExitCode GetFlow(const Session& session, const GetFlowOptions& options,
                 const Console& console) {
  const auto reference = ParseFlowReference(options.flow);
  if (!reference.ok()) {
    console.Complain(reference.status().message());
    return ExitCode::kUsage;
  }
  mos::v1::GetFlowRequest request;
  *request.mutable_flow() = *reference;
  grpc::ClientContext context;
  session.SetDeadline(&context);
  mos::v1::GetFlowResponse response;
  const grpc::Status status = FlowService::NewStub(session.channel)
                                  ->GetFlow(&context, request, &response);
  if (!status.ok()) return session.Report(status, console);
  if (options.format == OutputFormat::kTable) {
    PrintFlow(response.flow(), console);
  } else {
    console.out << Serialize(response, options.format);
  }
  return ExitCode::kOk;
}

}  // namespace mosd::mosctl
