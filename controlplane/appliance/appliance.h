// The appliance as one object: a configuration goes in; dataplane, gRPC server
// and HTTP listener come up, and go down in good order. mosd's main and
// mtcp_init() start the same one. Start, Drain, Stop and destruction belong to
// one thread; everything const is for any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/appliance/listen_socket.h"
#include "controlplane/appliance/unix_socket.h"
#include "controlplane/metrics/rpc_stats.h"
#include "controlplane/tls/pem_store.h"
#include "dataplane/dataplane.h"
#include "mos/v1/config.pb.h"

namespace prometheus {
class Collectable;
}

namespace mosd::controlplane {

class GrpcServer;
class HttpListener;

class Appliance {
 public:
  using StartDataplane =
      std::function<absl::StatusOr<std::unique_ptr<dataplane::Dataplane>>(
          const dataplane::DataplaneOptions&)>;

  // `config` comes from ConfigBuilder::Build(). Returns when frames are being
  // processed and every address is served; on failure nothing is left behind.
  // Errors name the address, port or file and what to do: those of
  // dataplane::Dataplane::Start() and tls::PemStore::Open(), and ALREADY_EXISTS
  // for an address in use.
  static absl::StatusOr<std::unique_ptr<Appliance>> Start(
      const mos::v1::Config& config,
      const StartDataplane& start_dataplane = &dataplane::Dataplane::Start);

  // Stops.
  ~Appliance();

  Appliance(const Appliance&) = delete;
  Appliance& operator=(const Appliance&) = delete;

  // Says "not ready" to probes and health checks, and goes on working.
  void Drain();

  // Drains, ends calls and streams, then packet processing. The dataplane can
  // still be read. Idempotent; takes a few seconds at most.
  void Stop();

  // OK while every worker turns; UNAVAILABLE names one that has not for 10 s.
  absl::Status Live() const;
  // OK from the end of Start() to Drain(); UNAVAILABLE says why not.
  absl::Status Ready() const;

  // Looks whether the certificates of gRPC were replaced, as every handshake
  // and every scrape does, and says how they are. Nothing: there is no TLS.
  std::optional<tls::PemState> RefreshCertificates() const;

  const dataplane::Dataplane& dataplane() const { return *dataplane_; }

  // What is served, with the real ports; empty: nothing.
  std::vector<std::string> grpc_addresses() const;
  std::vector<std::string> metrics_addresses() const;

 private:
  enum class Phase { kStarting, kServing, kDraining, kStopped };

  Appliance() = default;
  absl::Status OpenCertificates(const mos::v1::TlsConfig& config);
  absl::Status ClaimAddresses(const mos::v1::Config& config);
  absl::Status ClaimSocketFile(const SocketAddress& address);
  absl::Status StartGrpc(const mos::v1::Config& config);
  absl::Status StartHttp();
  std::string MetricsText() const;

  // writer: the owner; readers: HTTP threads; release/acquire.
  std::atomic<Phase> phase_{Phase::kStarting};
  // In the order of construction; each needs those above it.
  RpcStats rpc_stats_;
  std::unique_ptr<tls::PemStore> certificates_;  // null: no TLS
  std::vector<UnixSocketClaim> socket_claims_;
  std::vector<ListenSocket> http_sockets_;  // until the listener has them
  std::unique_ptr<dataplane::Dataplane> dataplane_;
  std::vector<std::unique_ptr<prometheus::Collectable>> collectors_;
  std::unique_ptr<GrpcServer> grpc_server_;
  std::unique_ptr<HttpListener> http_listener_;
};

}  // namespace mosd::controlplane
