#include "controlplane/grpc/flow_service.h"

#include "controlplane/grpc/errors.h"
#include "grpcpp/support/error_details.h"

namespace mosd::controlplane {

FlowServiceImpl::FlowServiceImpl(const BootIdentity* boot,
                                 const dataplane::Dataplane* dataplane,
                                 WatchHub* hub, CallGate* gate)
    : reader_(dataplane, boot->flow_epoch()),
      lister_(dataplane, boot),
      hub_(hub),
      gate_(gate) {}

grpc::ServerUnaryReactor* FlowServiceImpl::ListFlows(
    grpc::CallbackServerContext*, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  mos::v1::ListFlowsRequest message;
  grpc::ByteBuffer bytes = *request;  // Deserialize() empties what it is given
  if (!grpc::SerializationTraits<mos::v1::ListFlowsRequest>::Deserialize(
           &bytes, &message)
           .ok()) {
    // gRPC answers it as it does malformed requests of the other methods.
    return nullptr;
  }
  return UnaryCall::Run(gate_, RpcMethod::kListFlows,
                        [&] { return lister_.List(message, response); });
}

grpc::ServerUnaryReactor* FlowServiceImpl::GetFlow(
    grpc::CallbackServerContext*, const mos::v1::GetFlowRequest* request,
    mos::v1::GetFlowResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kGetFlow, [&] {
    return reader_.ReadFlow(request->flow(), response->mutable_flow());
  });
}

grpc::ServerUnaryReactor* FlowServiceImpl::GetLastPkt(
    grpc::CallbackServerContext*, const mos::v1::GetLastPktRequest* request,
    mos::v1::GetLastPktResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kGetLastPkt, [&] {
    return reader_.ReadLastPkt(*request, response->mutable_last_pkt());
  });
}

grpc::ServerUnaryReactor* FlowServiceImpl::BatchGetLastPkt(
    grpc::CallbackServerContext*,
    const mos::v1::BatchGetLastPktRequest* request,
    mos::v1::BatchGetLastPktResponse* response) {
  return UnaryCall::Run(gate_, RpcMethod::kBatchGetLastPkt,
                        [&] { return ReadBatch(*request, response); });
}

grpc::Status FlowServiceImpl::ReadBatch(
    const mos::v1::BatchGetLastPktRequest& request,
    mos::v1::BatchGetLastPktResponse* response) const {
  if (request.requests_size() < 1 || request.requests_size() > kMaxBatch) {
    return MakeFieldError(ErrorReason::kInvalidArgument, "requests",
                          "must hold 1 to 1000 requests");
  }
  size_t bytes = 0;
  for (const mos::v1::GetLastPktRequest& one : request.requests()) {
    auto* result = response->add_results();
    const grpc::Status status =
        bytes < kMaxBatchBytes
            ? reader_.ReadLastPkt(one, result->mutable_last_pkt())
            : MakeError(ErrorReason::kResponseTooLarge);
    if (!status.ok()) {
      // Every error of ours carries its google.rpc.Status.
      grpc::ExtractErrorDetails(status, result->mutable_error());
    }
    bytes += result->ByteSizeLong();
  }
  return grpc::Status::OK;
}

grpc::ServerWriteReactor<mos::v1::WatchFlowsResponse>*
FlowServiceImpl::WatchFlows(grpc::CallbackServerContext*,
                            const mos::v1::WatchFlowsRequest* request) {
  return hub_->Watch(*request, gate_);
}

}  // namespace mosd::controlplane
