// Counts and bounds the calls that are not ours to answer: health, reflection,
// and methods that do not exist. They have a bound of their own, so that a
// flood of flow calls does not make the health check fail. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "controlplane/metrics/rpc_stats.h"
#include "grpcpp/support/server_interceptor.h"

namespace mosd::controlplane {

class OtherCalls final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // Calls above `max_concurrent_calls` are cancelled as they come.
  OtherCalls(uint32_t max_concurrent_calls, RpcStats* stats)
      : max_(max_concurrent_calls), stats_(stats) {}

  // nullptr, which costs nothing, for the methods that CallGate counts.
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  class Call;

  const uint32_t max_;
  RpcStats* const stats_;
  std::atomic<uint32_t> in_flight_{0};  // relaxed: guards no other data
};

}  // namespace mosd::controlplane
