#include "controlplane/appliance/appliance.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controlplane/config/dataplane_options.h"
#include "controlplane/config/pem_paths.h"
#include "controlplane/config/socket_address.h"
#include "controlplane/grpc/server.h"
#include "controlplane/metrics/dataplane_collector.h"
#include "controlplane/metrics/http_listener.h"
#include "controlplane/metrics/process_collector.h"
#include "controlplane/metrics/rpc_collector.h"
#include "controlplane/metrics/tls_collector.h"
#include "prometheus/text_serializer.h"

namespace mosd::controlplane {
namespace {

constexpr int64_t kHeartbeatLimitNs = 10'000'000'000;
constexpr absl::Duration kCallsMayTake = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Appliance>> Appliance::Start(
    const mos::v1::Config& config, const StartDataplane& start_dataplane) {
  auto appliance = std::unique_ptr<Appliance>(new Appliance);
  // First what fails fast.
  absl::Status status = appliance->OpenCertificates(config.grpc().tls());
  if (status.ok()) status = appliance->ClaimAddresses(config);
  if (!status.ok()) return status;

  absl::StatusOr<std::unique_ptr<dataplane::Dataplane>> dataplane =
      start_dataplane(ToDataplaneOptions(config));
  if (!dataplane.ok()) return dataplane.status();
  appliance->dataplane_ = *std::move(dataplane);

  status.Update(appliance->StartGrpc(config));
  if (status.ok()) status.Update(appliance->StartHttp());
  if (!status.ok()) return status;

  if (appliance->grpc_server_) appliance->grpc_server_->SetServing(true);
  appliance->phase_.store(Phase::kServing, std::memory_order_release);
  return appliance;
}

Appliance::~Appliance() { Stop(); }

absl::Status Appliance::OpenCertificates(const mos::v1::TlsConfig& config) {
  if (config.certificate().empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<tls::PemStore>> store =
      tls::PemStore::Open(ToPemPaths(config));
  if (!store.ok()) return store.status();
  certificates_ = *std::move(store);
  return absl::OkStatus();
}

absl::Status Appliance::ClaimAddresses(const mos::v1::Config& config) {
  for (const std::string& text : config.grpc().listen()) {
    const absl::StatusOr<SocketAddress> address = ParseSocketAddress(text);
    if (!address.ok()) return address.status();
    // The server binds for itself; a socket bound for a moment tells whether
    // it can.
    absl::Status status = address->is_unix()
                              ? ClaimSocketFile(*address)
                              : ListenSocket::Bind(*address).status();
    if (!status.ok()) return status;
  }
  for (const std::string& text : config.metrics().listen()) {
    const absl::StatusOr<SocketAddress> address = ParseSocketAddress(text);
    if (!address.ok()) return address.status();
    absl::Status status = ClaimSocketFile(*address);
    if (!status.ok()) return status;
    absl::StatusOr<ListenSocket> socket = ListenSocket::Bind(*address);
    if (!socket.ok()) return socket.status();
    http_sockets_.push_back(*std::move(socket));
  }
  return absl::OkStatus();
}

absl::Status Appliance::ClaimSocketFile(const SocketAddress& address) {
  if (!address.is_unix()) return absl::OkStatus();
  absl::StatusOr<UnixSocketClaim> claim = UnixSocketClaim::Take(address.path);
  if (!claim.ok()) return claim.status();
  socket_claims_.push_back(*std::move(claim));
  return absl::OkStatus();
}

absl::Status Appliance::StartGrpc(const mos::v1::Config& config) {
  if (config.grpc().listen().empty()) return absl::OkStatus();
  ServerOptions options;
  options.listen.assign(config.grpc().listen().begin(),
                        config.grpc().listen().end());
  options.reflection = config.grpc().reflection();
  options.max_concurrent_calls = config.grpc().max_concurrent_calls();
  options.max_watches = config.grpc().max_watches();
  options.watch_queue = config.grpc().watch_queue();
  options.node = config.node();
  options.certificates = certificates_.get();
  options.insecure = config.grpc().insecure();
  absl::StatusOr<std::unique_ptr<GrpcServer>> server =
      GrpcServer::Start(options, dataplane_.get(), &rpc_stats_);
  if (!server.ok()) return server.status();
  grpc_server_ = *std::move(server);
  return absl::OkStatus();
}

absl::Status Appliance::StartHttp() {
  if (http_sockets_.empty()) return absl::OkStatus();
  collectors_.push_back(std::make_unique<DataplaneCollector>(dataplane_.get()));
  collectors_.push_back(std::make_unique<RpcCollector>(&rpc_stats_));
  collectors_.push_back(std::make_unique<ProcessCollector>());
  if (certificates_) {
    collectors_.push_back(std::make_unique<TlsCollector>(certificates_.get()));
  }
  HttpHandlers handlers;
  handlers.metrics = [this] { return MetricsText(); };
  handlers.live = [this] { return Live(); };
  handlers.ready = [this] { return Ready(); };
  absl::StatusOr<std::unique_ptr<HttpListener>> listener =
      HttpListener::Start(std::move(http_sockets_), std::move(handlers));
  http_sockets_.clear();
  if (!listener.ok()) return listener.status();
  http_listener_ = *std::move(listener);
  return absl::OkStatus();
}

void Appliance::Drain() {
  Phase serving = Phase::kServing;
  if (!phase_.compare_exchange_strong(serving, Phase::kDraining)) return;
  if (grpc_server_) grpc_server_->SetServing(false);
}

void Appliance::Stop() {
  Drain();
  if (phase_.exchange(Phase::kStopped) == Phase::kStopped) return;
  http_listener_.reset();
  if (grpc_server_) {
    grpc_server_->Shutdown(kCallsMayTake);
    grpc_server_.reset();
  }
  if (dataplane_) dataplane_->Stop();
  socket_claims_.clear();
}

absl::Status Appliance::Live() const {
  if (phase_.load(std::memory_order_acquire) == Phase::kStopped) {
    return absl::OkStatus();
  }
  const std::vector<dataplane::WorkerSnapshot> workers = dataplane_->Workers();
  for (size_t i = 0; i < workers.size(); ++i) {
    if (workers[i].heartbeat_age_ns > kHeartbeatLimitNs) {
      return absl::UnavailableError(
          absl::StrCat("worker ", i, " has not completed a turn for ",
                       workers[i].heartbeat_age_ns / 1'000'000'000, " s"));
    }
  }
  return absl::OkStatus();
}

absl::Status Appliance::Ready() const {
  switch (phase_.load(std::memory_order_acquire)) {
    case Phase::kStarting:
      return absl::UnavailableError("starting");
    case Phase::kServing:
      return absl::OkStatus();
    default:
      return absl::UnavailableError("stopping");
  }
}

std::optional<tls::PemState> Appliance::RefreshCertificates() const {
  if (!certificates_) return std::nullopt;
  return certificates_->Refresh();
}

std::vector<std::string> Appliance::grpc_addresses() const {
  if (!grpc_server_) return {};
  return grpc_server_->addresses();
}

std::vector<std::string> Appliance::metrics_addresses() const {
  if (!http_listener_) return {};
  return http_listener_->addresses();
}

std::string Appliance::MetricsText() const {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collector : collectors_) {
    std::vector<prometheus::MetricFamily> some = collector->Collect();
    families.insert(families.end(), std::make_move_iterator(some.begin()),
                    std::make_move_iterator(some.end()));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace mosd::controlplane
