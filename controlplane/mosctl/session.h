// A connection to one mosd, and how its failures are told. One thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/mosctl/connect_failure.h"
#include "controlplane/mosctl/console.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/tls_options.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace mosd::mosctl {

struct Session {
  Connection connection;
  std::shared_ptr<grpc::Channel> channel;
  absl::Duration timeout = absl::Seconds(10);  // of one call

  // Gives `context` the deadline of a call that starts now.
  void SetDeadline(grpc::ClientContext* context) const;

  // Says on `console.err` what went wrong and what to do about it, from the
  // google.rpc.Status that came along if there is one. Returns the exit code.
  ExitCode Report(const grpc::Status& status, const Console& console) const;
};

// A session with a channel to `target` (of `server`), which connects at the
// first call. No HTTP proxy is asked. Errors: those of tls::ReadPem(), and
// INVALID_ARGUMENT for TLS on a Unix socket.
absl::StatusOr<Session> OpenSession(const std::string& server,
                                    const std::string& target,
                                    const TlsOptions& options,
                                    absl::Duration timeout);

}  // namespace mosd::mosctl
