// mos.v1.FlowService: lists flows and serves the last frame of each side.
// Thread-safe; unary calls are answered at once from gRPC's threads, watches
// by WatchHub.
#pragma once

#include <cstddef>

#include "controlplane/grpc/boot_identity.h"
#include "controlplane/grpc/call_gate.h"
#include "controlplane/grpc/flow_lister.h"
#include "controlplane/grpc/flow_reader.h"
#include "controlplane/grpc/watch_hub.h"
#include "dataplane/dataplane.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::controlplane {

// CallbackService, but that ListFlows takes and gives bytes: a page is written
// in wire format at once (FlowPage).
using FlowServiceBase = mos::v1::FlowService::WithRawCallbackMethod_ListFlows<
    mos::v1::FlowService::WithCallbackMethod_GetFlow<
        mos::v1::FlowService::WithCallbackMethod_GetLastPkt<
            mos::v1::FlowService::WithCallbackMethod_BatchGetLastPkt<
                mos::v1::FlowService::WithCallbackMethod_WatchFlows<
                    mos::v1::FlowService::Service>>>>>;

class FlowServiceImpl final : public FlowServiceBase {
 public:
  static constexpr int kMaxBatch = 1000;
  // Where a batch stops adding frames: clients accept 4 MB by default.
  static constexpr size_t kMaxBatchBytes = 3'500'000;

  // The pointers are not owned and outlive the service.
  FlowServiceImpl(const BootIdentity* boot,
                  const dataplane::Dataplane* dataplane, WatchHub* hub,
                  CallGate* gate);

  grpc::ServerUnaryReactor* ListFlows(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetFlow(
      grpc::CallbackServerContext* context,
      const mos::v1::GetFlowRequest* request,
      mos::v1::GetFlowResponse* response) override;
  grpc::ServerUnaryReactor* GetLastPkt(
      grpc::CallbackServerContext* context,
      const mos::v1::GetLastPktRequest* request,
      mos::v1::GetLastPktResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetLastPkt(
      grpc::CallbackServerContext* context,
      const mos::v1::BatchGetLastPktRequest* request,
      mos::v1::BatchGetLastPktResponse* response) override;
  grpc::ServerWriteReactor<mos::v1::WatchFlowsResponse>* WatchFlows(
      grpc::CallbackServerContext* context,
      const mos::v1::WatchFlowsRequest* request) override;

 private:
  grpc::Status ReadBatch(const mos::v1::BatchGetLastPktRequest& request,
                         mos::v1::BatchGetLastPktResponse* response) const;

  const FlowReader reader_;
  const FlowLister lister_;
  WatchHub* const hub_;
  CallGate* const gate_;
};

}  // namespace mosd::controlplane
