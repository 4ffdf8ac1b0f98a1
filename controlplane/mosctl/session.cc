#include "controlplane/mosctl/session.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/printable.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace mosd::mosctl {
namespace {

constexpr int kMaxMessageBytes = 256 << 20;

// ErrorInfo.reason; empty when the error did not come from mosd's services.
std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "";
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

// What the system said, out of gRPC's account of all it tried.
std::string ConnectFailure(const std::string& message) {
  const size_t colon = message.rfind(": ");
  const bool wrapped = absl::StrContains(message, "last error: ");
  return Printable(wrapped ? message.substr(colon + 2) : message);
}

struct Hint {
  absl::string_view reason;
  absl::string_view text;
};

constexpr Hint kHints[] = {
    {"FLOW_NOT_FOUND",
     "\"mosctl flows list --all\" shows the flows that are kept."},
    {"NO_FRAME", "\"mosctl flows get FLOW\" shows which side sent what."},
    {"INVALID_FILTER",
     "Filters look like: host 10.0.0.1 and port 443 and state=established. "
     "See \"mosctl flows list --help\"."},
    {"INVALID_PAGE_TOKEN", "mosd was started anew meanwhile; run it again."},
    {"TOO_MANY_REQUESTS", "Run it again in a moment."},
    {"READ_CONTENDED", "Run it again."},
    {"STARTING", "mosd is starting; run it again in a moment."},
    {"DRAINING", "mosd is stopping."},
};

std::string HintFor(const std::string& reason, grpc::StatusCode code) {
  for (const Hint& hint : kHints) {
    if (hint.reason == reason) return std::string(hint.text);
  }
  if (!reason.empty()) return "";
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return "Is mosd running there? Start it with mosd --pcap FILE, mosd "
             "--interface NAME or systemctl start mosd; --server or "
             "MOSCTL_SERVER says where it listens.";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "Give it longer with --timeout.";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "That server is no mosd, or an older one: see \"mosctl info\".";
    default:
      return "";
  }
}

}  // namespace

void Session::SetDeadline(grpc::ClientContext* context) const {
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
}

ExitCode Session::Report(const grpc::Status& status,
                         const Console& console) const {
  const std::string reason = ReasonOf(status);
  const grpc::StatusCode code = status.error_code();
  std::string text;
  if (reason.empty() && code == grpc::StatusCode::UNAVAILABLE) {
    text = absl::StrCat("cannot reach mosd at ", Printable(server), ": ",
                        ConnectFailure(status.error_message()));
  } else if (reason.empty() && code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    text = absl::StrCat("no answer from ", Printable(server), " within ",
                        HumanDuration(timeout));
  } else {
    text = Printable(status.error_message());
    if (text.empty())
      text = absl::StrCat("gRPC status ", static_cast<int>(code));
  }
  if (!reason.empty()) absl::StrAppend(&text, " (", Printable(reason), ")");
  console.Complain(text);
  const std::string hint = HintFor(reason, code);
  if (!hint.empty()) console.err << "  " << hint << "\n";
  return ExitCodeOf(code);
}

Session OpenSession(const std::string& server, const std::string& target,
                    absl::Duration timeout) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return Session{
      .server = server,
      .channel = grpc::CreateCustomChannel(
          target, grpc::InsecureChannelCredentials(), arguments),
      .timeout = timeout,
  };
}

}  // namespace mosd::mosctl
