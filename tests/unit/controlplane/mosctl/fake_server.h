// A gRPC server that answers from members a test fills in. Tests set them
// before the call and read what was asked after it.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "mos/v1/appliance_service.grpc.pb.h"
#include "mos/v1/flow_service.grpc.pb.h"

namespace mosd::mosctl {

inline google::rpc::Status MakeError(grpc::StatusCode code,
                                     const std::string& message,
                                     const std::string& reason) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("mos.v1");
  status.add_details()->PackFrom(info);
  return status;
}

inline grpc::Status ToGrpc(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(),
          status.SerializeAsString()};
}

class FakeFlowService : public mos::v1::FlowService::Service {
 public:
  std::vector<mos::v1::Flow> flows;
  std::map<mos::v1::Side, mos::v1::LastPkt> packets;
  std::vector<mos::v1::WatchFlowsResponse> events;
  bool watch_stays = false;   // until the client cancels
  google::rpc::Status error;  // of every call, if its code is not OK
  int contended_reads = 0;    // so many GetLastPkt calls fail first
  int good_pages = 1 << 20;   // the ListFlows calls after them fail

  std::vector<mos::v1::ListFlowsRequest> list_requests;
  mos::v1::FlowRef asked;
  std::atomic<bool> watching = false;

  grpc::Status ListFlows(grpc::ServerContext*,
                         const mos::v1::ListFlowsRequest* request,
                         mos::v1::ListFlowsResponse* response) override {
    list_requests.push_back(*request);
    if (error.code() != 0) return ToGrpc(error);
    if (good_pages-- == 0) {
      return ToGrpc(
          MakeError(grpc::StatusCode::UNAVAILABLE, "stopping", "DRAINING"));
    }
    size_t at =
        request->page_token().empty() ? 0 : std::stoul(request->page_token());
    for (uint32_t n = 0; n < request->page_size() && at < flows.size(); ++n) {
      *response->add_flows() = flows[at++];
    }
    if (at < flows.size()) response->set_next_page_token(std::to_string(at));
    return grpc::Status::OK;
  }
  grpc::Status GetFlow(grpc::ServerContext*,
                       const mos::v1::GetFlowRequest* request,
                       mos::v1::GetFlowResponse* response) override {
    asked = request->flow();
    if (error.code() != 0) return ToGrpc(error);
    if (!flows.empty()) *response->mutable_flow() = flows.front();
    return grpc::Status::OK;
  }
  grpc::Status GetLastPkt(grpc::ServerContext*,
                          const mos::v1::GetLastPktRequest* request,
                          mos::v1::GetLastPktResponse* response) override {
    asked = request->flow();
    if (contended_reads-- > 0) {
      return ToGrpc(
          MakeError(grpc::StatusCode::ABORTED, "read again", "READ_CONTENDED"));
    }
    const auto found = packets.find(request->side());
    if (found == packets.end()) return ToGrpc(NoFrame());
    *response->mutable_last_pkt() = found->second;
    return grpc::Status::OK;
  }
  grpc::Status BatchGetLastPkt(
      grpc::ServerContext*, const mos::v1::BatchGetLastPktRequest* request,
      mos::v1::BatchGetLastPktResponse* response) override {
    for (const auto& part : request->requests()) {
      asked = part.flow();
      mos::v1::BatchGetLastPktResult* result = response->add_results();
      const auto found = packets.find(part.side());
      if (found == packets.end()) {
        *result->mutable_error() = NoFrame();
      } else {
        *result->mutable_last_pkt() = found->second;
      }
    }
    return grpc::Status::OK;
  }
  grpc::Status WatchFlows(
      grpc::ServerContext* context, const mos::v1::WatchFlowsRequest*,
      grpc::ServerWriter<mos::v1::WatchFlowsResponse>* writer) override {
    for (const auto& event : events) writer->Write(event);
    watching = true;
    while (watch_stays && !context->IsCancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return error.code() == 0 ? grpc::Status::OK : ToGrpc(error);
  }

 private:
  static google::rpc::Status NoFrame() {
    return MakeError(grpc::StatusCode::NOT_FOUND, "no frame\x1b[2J",
                     "NO_FRAME");
  }
};

class FakeApplianceService : public mos::v1::ApplianceService::Service {
 public:
  mos::v1::GetInfoResponse info;
  mos::v1::ListPortsResponse ports;
  mos::v1::ListWorkersResponse workers;
  mos::v1::GetStatsResponse stats;

  grpc::Status GetInfo(grpc::ServerContext*, const mos::v1::GetInfoRequest*,
                       mos::v1::GetInfoResponse* response) override {
    *response = info;
    return grpc::Status::OK;
  }
  grpc::Status ListPorts(grpc::ServerContext*, const mos::v1::ListPortsRequest*,
                         mos::v1::ListPortsResponse* response) override {
    *response = ports;
    return grpc::Status::OK;
  }
  grpc::Status ListWorkers(grpc::ServerContext*,
                           const mos::v1::ListWorkersRequest*,
                           mos::v1::ListWorkersResponse* response) override {
    *response = workers;
    return grpc::Status::OK;
  }
  grpc::Status GetStats(grpc::ServerContext*, const mos::v1::GetStatsRequest*,
                        mos::v1::GetStatsResponse* response) override {
    *response = stats;
    return grpc::Status::OK;
  }
};

struct FakeServer {
  FakeServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&flow_service);
    builder.RegisterService(&appliance_service);
    server = builder.BuildAndStart();
  }
  ~FakeServer() {
    if (server) server->Shutdown(std::chrono::system_clock::now());
  }
  std::string Address() const { return "127.0.0.1:" + std::to_string(port); }

  FakeFlowService flow_service;
  FakeApplianceService appliance_service;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

}  // namespace mosd::mosctl
