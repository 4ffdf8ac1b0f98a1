// The pages of ListFlows, one ahead: while the caller uses a page, the next one
// is asked for, and parsed on one of gRPC's threads. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/synchronization/notification.h"
#include "controlplane/mosctl/session.h"
#include "google/protobuf/arena.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::mosctl {

class FlowPages {
 public:
  // `session` is not owned and outlives the object. No page is asked for that
  // begins beyond `limit` flows; 0: no limit.
  FlowPages(const Session* session, const mos::v1::ListFlowsRequest& request,
            uint64_t limit);
  ~FlowPages();  // gives up the page that nobody took

  // The first or next page, good until the call after. nullptr: it was the
  // last one, or status() says what went wrong.
  const mos::v1::ListFlowsResponse* Next();

  const grpc::Status& status() const { return status_; }

  // Flows of the pages that Next() gave, and whether the server has more.
  uint64_t listed() const { return listed_; }
  bool more() const { return more_; }

 private:
  struct Call {
    Call();

    google::protobuf::Arena arena;  // of the response
    mos::v1::ListFlowsRequest request;
    mos::v1::ListFlowsResponse* response = nullptr;
    std::optional<grpc::ClientContext> context;
    // writer: gRPC's thread, before `done`; reader: the owner, after it.
    grpc::Status status;
    std::optional<absl::Notification> done;
  };

  void Begin();

  const Session& session_;
  const uint64_t limit_;
  const std::unique_ptr<mos::v1::FlowService::Stub> stub_;
  std::array<Call, 2> calls_;          // one is used, the other under way
  Call* under_way_ = nullptr;          // of calls_
  mos::v1::ListFlowsRequest request_;  // for the next page
  grpc::Status status_;
  uint64_t listed_ = 0;
  bool more_ = true;
  bool begun_ = false;
};

}  // namespace mosd::mosctl
