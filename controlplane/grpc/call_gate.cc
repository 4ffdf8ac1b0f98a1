#include "controlplane/grpc/call_gate.h"

namespace mosd::controlplane {

CallPass::CallPass(CallGate* gate, RpcMethod method)
    : gate_(gate), method_(method), start_(std::chrono::steady_clock::now()) {
  gate_->stats_->Started(method_);
  admitted_ =
      gate_->in_flight_.fetch_add(1, std::memory_order_relaxed) < gate_->max_;
  if (!admitted_) {
    gate_->in_flight_.fetch_sub(1, std::memory_order_relaxed);
    admission_ = MakeError(ErrorReason::kTooManyRequests);
  } else if (gate_->draining_.load(std::memory_order_relaxed)) {
    admission_ = MakeError(ErrorReason::kDraining);
  }
}

CallPass::~CallPass() {
  if (admitted_) gate_->in_flight_.fetch_sub(1, std::memory_order_relaxed);
  const auto duration = std::chrono::steady_clock::now() - start_;
  gate_->stats_->Handled(
      method_, code_,
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

}  // namespace mosd::controlplane
