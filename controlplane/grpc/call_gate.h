// The door through which every call of our services passes: bounds how many
// are in flight at once and counts them by method, code and duration. gRPC
// 1.51 has no defence of its own against clients that open calls and reset
// them (CVE-2023-44487). Thread-safe; the gate outlives its calls.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "controlplane/grpc/errors.h"
#include "controlplane/metrics/rpc_stats.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"

namespace mosd::controlplane {

// Memory of gRPC's own buffers, all connections together.
inline constexpr size_t kBufferQuotaBytes = size_t{256} << 20;

class CallGate {
 public:
  CallGate(uint32_t max_concurrent_calls, RpcStats* stats)
      : max_(max_concurrent_calls), stats_(stats) {}

  // From now on every new call is refused with DRAINING.
  void Drain() { draining_.store(true, std::memory_order_relaxed); }

  RpcStats* stats() const { return stats_; }

 private:
  friend class CallPass;

  const uint32_t max_;
  RpcStats* const stats_;
  // writers and readers: gRPC's threads; relaxed, they guard no other data.
  std::atomic<uint32_t> in_flight_{0};
  std::atomic<bool> draining_{false};
};

// One call's way through the gate, from its arrival to the moment the
// transport is done with it.
class CallPass {
 public:
  CallPass(CallGate* gate, RpcMethod method);
  ~CallPass();
  CallPass(const CallPass&) = delete;
  CallPass& operator=(const CallPass&) = delete;

  // OK, or what to refuse the call with.
  const grpc::Status& admission() const { return admission_; }

  // Call once with the status the call ends with, before it is given to gRPC.
  void SetCode(grpc::StatusCode code) { code_ = code; }

 private:
  CallGate* const gate_;
  const RpcMethod method_;
  const std::chrono::steady_clock::time_point start_;
  bool admitted_;
  grpc::Status admission_;
  grpc::StatusCode code_ = grpc::StatusCode::CANCELLED;
};

// A unary call that is answered at once. Deletes itself when it is over.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // Runs `handler`, which returns a grpc::Status, if the gate lets it.
  template <typename Handler>
  static grpc::ServerUnaryReactor* Run(CallGate* gate, RpcMethod method,
                                       Handler handler) {
    auto* call = new UnaryCall(gate, method);
    call->End(call->pass_.admission().ok() ? handler()
                                           : call->pass_.admission());
    return call;
  }

 private:
  UnaryCall(CallGate* gate, RpcMethod method) : pass_(gate, method) {}

  void End(grpc::Status status) {
    pass_.SetCode(status.error_code());
    Finish(std::move(status));
  }
  void OnDone() override { delete this; }
  // OnDone() counts and frees, and takes no lock: gRPC may run it where it
  // stands, as that of its DefaultReactor, and wakes no other thread for it.
  // Not a documented part of gRPC's interface; without it, the call is only
  // slower.
  bool InternalInlineable() override { return true; }

  CallPass pass_;
};

}  // namespace mosd::controlplane
