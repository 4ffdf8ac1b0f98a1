#include "controlplane/grpc/server.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controlplane/appliance/listen_socket.h"
#include "controlplane/config/socket_address.h"
#include "controlplane/grpc/appliance_service.h"
#include "controlplane/grpc/boot_identity.h"
#include "controlplane/grpc/call_gate.h"
#include "controlplane/grpc/flow_service.h"
#include "controlplane/grpc/other_calls.h"
#include "controlplane/grpc/tls_credentials.h"
#include "controlplane/grpc/watch_hub.h"
#include "grpc/health/v1/health.pb.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace mosd::controlplane {
namespace {

constexpr int kMaxRequestBytes = 1 << 20;
// One connection cannot take the whole of max_concurrent_calls.
constexpr uint32_t kMaxStreamsPerConnection = 256;
constexpr mode_t kSocketMode = 0660;  // the owner and the group

// Puts reflection into one server, or keeps it out: gRPC's library adds it by
// itself to every server of a process that links it.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool enabled) : enabled_(enabled) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*
                         plugins) override {
    auto ours =
        std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    std::erase_if(*plugins, [&](const auto& plugin) {
      return plugin->name() == ours->name();
    });
    if (!enabled_) return;
    // gRPC's health service does not know its own description: linking it in
    // lets reflection answer for every service that it lists.
    grpc::health::v1::HealthCheckRequest::descriptor();
    plugins->push_back(std::move(ours));
  }

 private:
  const bool enabled_;
};

void SetLimits(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder->SetResourceQuota(
      grpc::ResourceQuota("mosd").Resize(kBufferQuotaBytes));
  const auto add = [builder](const char* name, int value) {
    builder->AddChannelArgument(name, value);
  };
  // Two daemons on one port must clash, not share.
  add(GRPC_ARG_ALLOW_REUSEPORT, 0);
  add(GRPC_ARG_MAX_CONCURRENT_STREAMS,
      static_cast<int>(
          std::min(options.max_concurrent_calls, kMaxStreamsPerConnection)));
  // A client that is gone is noticed within 80 s; one that pings more often
  // than every 10 s is sent away.
  add(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  add(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  add(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  add(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  // Reflection is the only service with threads of its own: one will do.
  builder->SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

absl::StatusOr<std::vector<SocketAddress>> ParseAll(
    const ServerOptions& options) {
  const bool local_only = options.certificates == nullptr && !options.insecure;
  if (options.listen.empty()) {
    return absl::InvalidArgumentError("gRPC server: no address to listen on");
  }
  std::vector<SocketAddress> addresses;
  for (const std::string& text : options.listen) {
    absl::StatusOr<SocketAddress> address = ParseSocketAddress(text);
    if (!address.ok()) return address.status();
    if (local_only && !address->IsLocal()) {
      return absl::FailedPreconditionError(absl::StrCat(
          address->ToString(),
          " is not loopback, and without TLS frames would cross the network in "
          "the clear; give a certificate, or use 127.0.0.1, [::1] or "
          "unix:PATH"));
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

// gRPC says only that it could not listen; binding once more says why.
absl::Status WhyNot(const SocketAddress& address) {
  absl::Status status = ListenSocket::Bind(address).status();
  if (!status.ok()) return status;
  return absl::UnavailableError(
      absl::StrCat(address.ToString(), ": was taken for a moment; try again"));
}

// What gRPC has bound, once it has: checks it and tells the real address.
absl::StatusOr<std::string> Bound(SocketAddress address, int port) {
  if (port == 0) return WhyNot(address);
  if (!address.is_unix()) {
    address.port = static_cast<uint16_t>(port);
  } else if (chmod(address.path.c_str(), kSocketMode) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(address.ToString(), ": cannot set its mode"));
  }
  return address.ToString();
}

}  // namespace

// In the order of construction: what comes later uses what comes before.
struct GrpcServer::Parts {
  Parts(const ServerOptions& options, dataplane::Dataplane* dataplane,
        RpcStats* stats)
      : boot(options.node),
        gate(options.max_concurrent_calls, stats),
        hub(dataplane, boot.flow_epoch(),
            {.max_watches = options.max_watches,
             .watch_queue = options.watch_queue}),
        flows(&boot, dataplane, &hub, &gate),
        appliance(options.node, &boot, dataplane, &gate),
        local(grpc::InsecureServerCredentials()),
        remote(options.certificates == nullptr
                   ? local
                   : TlsServerCredentials(options.certificates)) {}

  BootIdentity boot;
  CallGate gate;
  WatchHub hub;
  FlowServiceImpl flows;
  ApplianceServiceImpl appliance;
  // gRPC keeps addresses in those of TCP, but not themselves.
  std::shared_ptr<grpc::ServerCredentials> local, remote;
  std::unique_ptr<grpc::Server> server;
  std::once_flag shutdown;
};

GrpcServer::GrpcServer() = default;

GrpcServer::~GrpcServer() { Shutdown(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const ServerOptions& options, dataplane::Dataplane* dataplane,
    RpcStats* stats) {
  absl::StatusOr<std::vector<SocketAddress>> addresses = ParseAll(options);
  if (!addresses.ok()) return addresses.status();

  std::unique_ptr<GrpcServer> result(new GrpcServer());
  result->parts_ = std::make_unique<Parts>(options, dataplane, stats);
  Parts& parts = *result->parts_;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(options, &builder);
  builder.SetOption(std::make_unique<ReflectionOption>(options.reflection));
  std::vector<
      std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
      interceptors;
  interceptors.push_back(
      std::make_unique<OtherCalls>(options.max_concurrent_calls, stats));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  builder.RegisterService(&parts.flows);
  builder.RegisterService(&parts.appliance);
  std::vector<int> ports(addresses->size(), 0);
  for (size_t i = 0; i < addresses->size(); ++i) {
    const SocketAddress& address = (*addresses)[i];
    builder.AddListeningPort(address.ToString(),
                             address.is_unix() ? parts.local : parts.remote,
                             &ports[i]);
  }
  parts.server = builder.BuildAndStart();
  result->SetServing(false);
  for (size_t i = 0; i < addresses->size(); ++i) {
    // Without a server, the ports that could be bound are set all the same.
    absl::StatusOr<std::string> bound = Bound((*addresses)[i], ports[i]);
    if (!bound.ok()) return bound.status();
    result->addresses_.push_back(*std::move(bound));
  }
  if (parts.server == nullptr) {
    return absl::InternalError("gRPC server: did not start, see its log");
  }
  return result;
}

void GrpcServer::SetServing(bool serving) {
  if (parts_->server == nullptr) return;
  auto* health = parts_->server->GetHealthCheckService();
  health->SetServingStatus(serving);
  for (const char* service : {mos::v1::FlowService::service_full_name(),
                              mos::v1::ApplianceService::service_full_name()}) {
    health->SetServingStatus(service, serving);
  }
}

void GrpcServer::Shutdown(absl::Duration deadline) {
  std::call_once(parts_->shutdown, [this, deadline] {
    SetServing(false);
    parts_->gate.Drain();
    parts_->hub.Stop();
    if (parts_->server == nullptr) return;
    parts_->server->Shutdown(absl::ToChronoTime(absl::Now() + deadline));
    parts_->server->Wait();
  });
}

}  // namespace mosd::controlplane
