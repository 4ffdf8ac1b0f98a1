#include "controlplane/mosctl/lastpkt_command.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/mosctl/flow_reference.h"
#include "controlplane/mosctl/frame_capture.h"
#include "controlplane/mosctl/frame_text.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/output_file.h"
#include "controlplane/mosctl/printable.h"
#include "mos/v1/appliance_service.grpc.pb.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::mosctl {
namespace {

using mos::v1::FlowService;

// What the server answered: the frames, and the response they came in.
struct Frames {
  mos::v1::Flow flow;
  std::vector<mos::v1::LastPkt> packets;  // client first
  mos::v1::GetLastPktResponse one;
  mos::v1::BatchGetLastPktResponse both;
};

bool IsBinary(OutputFormat format) {
  return format == OutputFormat::kRaw || format == OutputFormat::kPcapng;
}

// What can be seen to be wrong before anybody is asked; empty: nothing.
std::string Mistake(const LastPktOptions& options, const Console& console) {
  if (options.format == OutputFormat::kRaw &&
      options.side == mos::v1::SIDE_UNSPECIFIED) {
    return "-o raw writes one frame: say --side client or --side server";
  }
  if (IsBinary(options.format) && options.output_file.empty() &&
      console.out_is_terminal) {
    return absl::StrCat(
        "-o ", std::string(NameOf(options.format)),
        " is binary and stdout is a terminal; redirect it, or give "
        "--output-file FILE (\"-\" for the terminal all the same)");
  }
  return "";
}

grpc::Status FetchFlow(const Session& session,
                       const mos::v1::FlowRef& reference, Frames* frames) {
  mos::v1::GetFlowRequest request;
  *request.mutable_flow() = reference;
  mos::v1::GetFlowResponse response;
  grpc::ClientContext context;
  session.SetDeadline(&context);
  const grpc::Status status = FlowService::NewStub(session.channel)
                                  ->GetFlow(&context, request, &response);
  frames->flow = std::move(*response.mutable_flow());
  return status;
}

// A frame replaced while it was read is worth another try: the next one is as
// good.
constexpr int kAttempts = 3;

grpc::Status FetchOne(const Session& session,
                      const mos::v1::GetLastPktRequest& request,
                      Frames* frames) {
  const auto stub = FlowService::NewStub(session.channel);
  grpc::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    grpc::ClientContext context;
    session.SetDeadline(&context);
    status = stub->GetLastPkt(&context, request, &frames->one);
    if (status.error_code() != grpc::StatusCode::ABORTED) break;
  }
  if (status.ok()) frames->packets.push_back(frames->one.last_pkt());
  return status;
}

// The status of the first side that failed, if none has a frame.
grpc::Status FetchBoth(const Session& session,
                       const mos::v1::FlowRef& reference,
                       const Console& console, Frames* frames) {
  mos::v1::BatchGetLastPktRequest request;
  for (const mos::v1::Side side :
       {mos::v1::SIDE_CLIENT, mos::v1::SIDE_SERVER}) {
    mos::v1::GetLastPktRequest* part = request.add_requests();
    *part->mutable_flow() = reference;
    part->set_side(side);
  }
  grpc::ClientContext context;
  session.SetDeadline(&context);
  const grpc::Status status =
      FlowService::NewStub(session.channel)
          ->BatchGetLastPkt(&context, request, &frames->both);
  if (!status.ok()) return status;
  grpc::Status failure;
  std::string notes;
  for (int i = 0; i < std::min(frames->both.results_size(), 2); ++i) {
    const mos::v1::BatchGetLastPktResult& result = frames->both.results(i);
    if (result.has_last_pkt()) {
      frames->packets.push_back(result.last_pkt());
      continue;
    }
    const google::rpc::Status& error = result.error();
    if (failure.ok()) {
      failure = grpc::Status(static_cast<grpc::StatusCode>(error.code()),
                             error.message(), error.SerializeAsString());
    }
    absl::StrAppend(&notes, "mosctl: ", Name(request.requests(i).side()), ": ",
                    Printable(error.message()), "\n");
  }
  if (frames->packets.empty()) {
    return failure.ok() ? grpc::Status(grpc::StatusCode::INTERNAL,
                                       "the server answered for no side")
                        : failure;
  }
  console.err << notes;
  return grpc::Status::OK;
}

// Devices by port index; empty when the server does not say.
mos::v1::ListPortsResponse FetchPorts(const Session& session) {
  grpc::ClientContext context;
  session.SetDeadline(&context);
  mos::v1::ListPortsResponse response;
  const grpc::Status status =
      mos::v1::ApplianceService::NewStub(session.channel)
          ->ListPorts(&context, {}, &response);
  if (!status.ok()) response.Clear();  // the names are a courtesy
  return response;
}

std::string Render(const Session& session, const LastPktOptions& options,
                   const Frames& frames, const Console& console) {
  std::string text;
  switch (options.format) {
    case OutputFormat::kRaw:
      return frames.packets.front().frame();
    case OutputFormat::kPcapng:
      return FrameCapture(frames.packets, FetchPorts(session));
    case OutputFormat::kJson:
    case OutputFormat::kYaml:
      return options.side == mos::v1::SIDE_UNSPECIFIED
                 ? Serialize(frames.both, options.format)
                 : Serialize(frames.one, options.format);
    default:
      for (const mos::v1::LastPkt& packet : frames.packets) {
        if (!text.empty()) text += "\n";
        text += options.format == OutputFormat::kHex
                    ? FrameHex(packet, console)
                    : FrameText(packet, frames.flow, console);
      }
      return text;
  }
}

}  // namespace

ExitCode GetLastPkt(const Session& session, const LastPktOptions& options,
                    const Console& console) {
  const auto reference = ParseFlowReference(options.flow);
  const std::string mistake = reference.ok()
                                  ? Mistake(options, console)
                                  : std::string(reference.status().message());
  if (!mistake.empty()) {
    console.Complain(mistake);
    return ExitCode::kUsage;
  }
  Frames frames;
  mos::v1::GetLastPktRequest request;
  *request.mutable_flow() = *reference;
  request.set_side(options.side);
  grpc::Status status;
  if (options.format == OutputFormat::kText) {
    status = FetchFlow(session, *reference, &frames);
    // A tuple may name another flow by now; the id names this one.
    request.mutable_flow()->set_flow_id(frames.flow.flow_id());
  }
  if (status.ok()) {
    status = options.side == mos::v1::SIDE_UNSPECIFIED
                 ? FetchBoth(session, request.flow(), console, &frames)
                 : FetchOne(session, request, &frames);
  }
  if (!status.ok()) return session.Report(status, console);

  const bool to_file =
      !options.output_file.empty() && options.output_file != "-";
  Console plain = console;
  if (to_file) plain.color = false;
  const std::string output = Render(session, options, frames, plain);
  if (!to_file) {
    console.out << output;
    return ExitCode::kOk;
  }
  const absl::Status written = WriteOutputFile(options.output_file, output);
  if (!written.ok()) {
    console.Complain(written.message());
    return ExitCode::kFailure;
  }
  return ExitCode::kOk;
}

}  // namespace mosd::mosctl
