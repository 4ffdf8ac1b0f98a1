#include "controlplane/mosctl/connect_failure.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/mosctl/printable.h"
#include "controlplane/mosctl/tls_answer.h"

namespace mosd::mosctl {
namespace {

constexpr absl::Duration kAnswerMayTake = absl::Seconds(2);

// What the system said, out of gRPC's account of all it tried.
std::string LastError(const std::string& message) {
  const size_t colon = message.rfind(": ");
  const bool wrapped = absl::StrContains(message, "last error: ");
  return Printable(wrapped ? message.substr(colon + 2) : message);
}

// Whether there was somebody who ended the conversation.
bool WasAnswered(const std::string& message) {
  for (const absl::string_view sign :
       {"closed", "reset", "Broken pipe", "andshake"}) {
    if (absl::StrContains(message, sign)) return true;
  }
  return false;
}

ConnectFailure WithoutTls(const Connection& connection,
                          const std::string& message) {
  const std::string server = Printable(connection.server);
  if (WasAnswered(message) &&
      AskForTls(connection.server, "", kAnswerMayTake).speaks_tls) {
    return {absl::StrCat(server, " speaks TLS, and was asked without"),
            "Say whose certificate to trust with --cacert FILE, or --tls for "
            "the authorities of this system; --cert and --key are yours, if "
            "mosd asks for one."};
  }
  return {
      absl::StrCat("cannot reach mosd at ", server, ": ", LastError(message)),
      ""};
}

ConnectFailure WithTls(const Connection& connection,
                       const std::string& message) {
  const std::string server = Printable(connection.server);
  if (absl::StrContains(message, "wrong version number")) {
    return {absl::StrCat(server, " does not speak TLS"),
            "Leave out --tls, --cacert, --cert, --key and their MOSCTL_ "
            "variables; frames then come in the clear."};
  }
  if (absl::StrContains(message, "not in peer certificate")) {
    return {
        absl::StrCat("the certificate of ", server, " is one for another name"),
        "If that name is right, give it with --server-name."};
  }
  if (!WasAnswered(message)) {
    return {
        absl::StrCat("cannot reach mosd at ", server, ": ", LastError(message)),
        ""};
  }
  const TlsAnswer answer = AskForTls(
      connection.server, connection.texts.authorities, kAnswerMayTake);
  if (!answer.distrust.empty()) {
    return {absl::StrCat("the certificate of ", server,
                         " is not trusted: ", answer.distrust),
            "--cacert FILE names the authorities to trust."};
  }
  if (answer.asks_for_certificate && connection.texts.certificate.empty()) {
    return {absl::StrCat(server, " asks for a certificate of the client's"),
            "Give one with --cert and --key."};
  }
  if (answer.asks_for_certificate) {
    return {absl::StrCat(server, " does not take the certificate of --cert"),
            "It must be of one of mosd's grpc.tls.client_ca, and not expired."};
  }
  return {absl::StrCat("cannot agree on TLS with ", server, ": ",
                       LastError(message)),
          ""};
}

}  // namespace

ConnectFailure Explain(const Connection& connection,
                       const std::string& message) {
  return connection.has_tls ? WithTls(connection, message)
                            : WithoutTls(connection, message);
}

}  // namespace mosd::mosctl
