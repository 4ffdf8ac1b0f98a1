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
  std::string text, hint;
  if (reason.empty() && code == grpc::StatusCode::UNAVAILABLE) {
    ConnectFailure failure = Explain(connection, status.error_message());
    text = std::move(failure.text);
    hint = std::move(failure.hint);
  } else if (reason.empty() && code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    text = absl::StrCat("no answer from ", Printable(connection.server),
                        " within ", HumanDuration(timeout));
  } else {
    text = Printable(status.error_message());
    if (text.empty())
      text = absl::StrCat("gRPC status ", static_cast<int>(code));
  }
  if (!reason.empty()) absl::StrAppend(&text, " (", Printable(reason), ")");
  console.Complain(text);
  if (hint.empty()) hint = HintFor(reason, code);
  if (!hint.empty()) console.err << "  " << hint << "\n";
  return ExitCodeOf(code);
}

absl::StatusOr<Session> OpenSession(const std::string& server,
                                    const std::string& target,
                                    const TlsOptions& options,
                                    absl::Duration timeout) {
  Session session;
  session.timeout = timeout;
  session.connection.server = server;
  session.connection.has_tls = options.on();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::InsecureChannelCredentials();
  if (options.on()) {
    if (absl::StartsWith(server, "unix:")) {
      return absl::InvalidArgumentError(absl::StrCat(
          server,
          " never has TLS; leave out --tls, --cacert, --cert, --key, "
          "--server-name and their MOSCTL_ variables"));
    }
    absl::StatusOr<tls::PemTexts> texts = tls::ReadPem(options.paths());
    if (!texts.ok()) return texts.status();
    session.connection.texts = *std::move(texts);
    credentials = grpc::SslCredentials({session.connection.texts.authorities,
                                        session.connection.texts.key,
                                        session.connection.texts.certificate});
    if (!options.server_name.empty()) {
      arguments.SetSslTargetNameOverride(options.server_name);
    }
  }
  session.channel = grpc::CreateCustomChannel(target, credentials, arguments);
  return session;
}

}  // namespace mosd::mosctl
