#include "controlplane/grpc/other_calls.h"

#include <chrono>

#include "grpcpp/server_context.h"

namespace mosd::controlplane {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// gRPC creates one for a call and destroys it after the call's last operation.
class OtherCalls::Call final : public grpc::experimental::Interceptor {
 public:
  Call(OtherCalls* owner, ServerRpcInfo* info)
      : owner_(owner),
        info_(info),
        start_(std::chrono::steady_clock::now()),
        refused_(owner->in_flight_.fetch_add(1, std::memory_order_relaxed) >=
                 owner->max_) {
    owner_->stats_->Started(RpcMethod::kOther);
  }

  ~Call() override {
    owner_->in_flight_.fetch_sub(1, std::memory_order_relaxed);
    const auto duration = std::chrono::steady_clock::now() - start_;
    owner_->stats_->Handled(
        RpcMethod::kOther, code_,
        std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (refused_ && methods->QueryInterceptionHookPoint(
                        InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      info_->server_context()->TryCancel();
    }
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_SEND_STATUS)) {
      code_ = refused_ ? grpc::StatusCode::CANCELLED
                       : methods->GetSendStatus().error_code();
    }
    methods->Proceed();
  }

 private:
  OtherCalls* const owner_;
  ServerRpcInfo* const info_;
  const std::chrono::steady_clock::time_point start_;
  const bool refused_;
  grpc::StatusCode code_ = grpc::StatusCode::CANCELLED;
};

grpc::experimental::Interceptor* OtherCalls::CreateServerInterceptor(
    ServerRpcInfo* info) {
  if (RpcMethodOf(info->method()) != RpcMethod::kOther) return nullptr;
  return new Call(this, info);
}

}  // namespace mosd::controlplane
