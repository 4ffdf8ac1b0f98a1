// The gRPC server of an appliance: the services of mos.v1 with health and
// reflection, on Unix sockets and TCP. Thread-safe after Start().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/metrics/rpc_stats.h"
#include "controlplane/tls/pem_store.h"
#include "dataplane/dataplane.h"

namespace mosd::controlplane {

struct ServerOptions {
  std::vector<std::string> listen;  // "unix:PATH" or "HOST:PORT"
  bool reflection = true;
  uint32_t max_concurrent_calls = 1024;  // in flight, in all
  uint32_t max_watches = 64;             // WatchFlows streams at once
  uint32_t watch_queue = 65536;          // events held for a slow watcher
  std::string node;
  // With it, TCP has TLS (see TlsServerCredentials); not owned, outlives the
  // server.
  tls::PemStore* certificates = nullptr;
  bool insecure = false;  // beyond loopback without TLS
};

class GrpcServer {
 public:
  // Listens on every address; health says NOT_SERVING until SetServing().
  // `dataplane` and `stats` are not owned and outlive the server. The caller
  // holds a UnixSocketClaim on every path: gRPC would take the file of a
  // running server away. Errors name the address and what to do:
  // INVALID_ARGUMENT (malformed), FAILED_PRECONDITION (beyond loopback without
  // TLS), or why it cannot be bound, as from ListenSocket::Bind.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const ServerOptions& options, dataplane::Dataplane* dataplane,
      RpcStats* stats);

  ~GrpcServer();  // Shutdown(absl::ZeroDuration())

  // What the health service answers for "" and the services of mos.v1.
  void SetServing(bool serving);

  // Health says NOT_SERVING, new calls are refused, streams end, and calls in
  // flight have `deadline` to finish before they are cancelled. Idempotent.
  void Shutdown(absl::Duration deadline);

  // As configured, with real ports in place of 0.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  struct Parts;  // keeps gRPC's headers out of this one

  GrpcServer();

  std::unique_ptr<Parts> parts_;
  std::vector<std::string> addresses_;
};

}  // namespace mosd::controlplane
