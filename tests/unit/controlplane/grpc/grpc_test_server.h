// A real GrpcServer over a fake dataplane, with clients on real channels, and
// the helpers that its tests share.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/grpc/errors.h"
#include "controlplane/grpc/server.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "mos/v1/appliance_service.grpc.pb.h"
#include "mos/v1/flow_service.grpc.pb.h"
#include "tests/support/fake_dataplane.h"

namespace mosd::controlplane {

inline dataplane::Endpoint Ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d,
                                uint16_t port) {
  return dataplane::Endpoint{{a, b, c, d}, port};
}

// 10.0.0.1:(1000 + record) to 10.0.0.2:80, established, 3 + 2 frames.
inline dataplane::FlowSnapshot MakeFlow(uint32_t record, uint32_t worker = 0) {
  dataplane::FlowSnapshot flow{};
  flow.id = dataplane::FlowId::Make(worker, record, 1);
  flow.version = dataplane::IpVersion::kIpv4;
  flow.state = dataplane::FlowState::kEstablished;
  flow.last_speaker = dataplane::Side::kServer;
  flow.start_time_ns = 1'699'999'990'000'000'001;
  flow.side[0].endpoint =
      Ipv4(10, 0, 0, 1, static_cast<uint16_t>(1000 + record));
  flow.side[1].endpoint = Ipv4(10, 0, 0, 2, 80);
  flow.side[0].frames = 3;
  flow.side[1].frames = 2;
  for (dataplane::SideSnapshot& side : flow.side) {
    side.tcp_state = dataplane::TcpState::kEstablished;
    side.last_time_ns = 1'699'999'995'000'000'000;
  }
  return flow;
}

inline std::vector<uint8_t> MakeFrame(size_t size) {
  std::vector<uint8_t> frame(size);
  for (size_t i = 0; i < size; ++i) frame[i] = static_cast<uint8_t>(i * 7);
  return frame;
}

// Waits for a condition that another thread brings about.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

// What a status carries in its binary trailer.
struct ErrorDetails {
  std::string reason;
  std::string domain;
  std::string errno_name;
  std::string field;        // of the first violation
  std::string description;  // of the first violation

  static ErrorDetails Of(const google::rpc::Status& status) {
    ErrorDetails details;
    for (const auto& any : status.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::BadRequest bad_request;
      if (any.UnpackTo(&info)) {
        details.reason = info.reason();
        details.domain = info.domain();
        const auto found = info.metadata().find("errno");
        if (found != info.metadata().end()) details.errno_name = found->second;
      } else if (any.UnpackTo(&bad_request)) {
        details.field = bad_request.field_violations(0).field();
        details.description = bad_request.field_violations(0).description();
      }
    }
    return details;
  }
  static ErrorDetails Of(const grpc::Status& status) {
    google::rpc::Status proto;
    EXPECT_TRUE(proto.ParseFromString(status.error_details()));
    EXPECT_EQ(proto.code(), status.error_code());
    EXPECT_EQ(proto.message(), status.error_message());
    return Of(proto);
  }
};

#define EXPECT_GRPC_ERROR(status, code, reason_name, errno_text)        \
  do {                                                                  \
    const grpc::Status& status_ = (status);                             \
    EXPECT_EQ(status_.error_code(), grpc::StatusCode::code)             \
        << status_.error_message();                                     \
    const ErrorDetails details_ = ErrorDetails::Of(status_);            \
    EXPECT_EQ(details_.reason, reason_name) << status_.error_message(); \
    EXPECT_EQ(details_.domain, "mos.v1");                               \
    EXPECT_EQ(details_.errno_name, errno_text);                         \
  } while (false)

class GrpcServerTest : public ::testing::Test {
 protected:
  using FlowStub = mos::v1::FlowService::Stub;
  using ApplianceStub = mos::v1::ApplianceService::Stub;

  // Starts on 127.0.0.1 with a free port; tests may change options_ first.
  void StartServer() {
    if (options_.listen.empty()) options_.listen = {"127.0.0.1:0"};
    auto server = GrpcServer::Start(options_, &dataplane_, &stats_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->SetServing(true);
    channel_ = NewChannel();
    flows_ = mos::v1::FlowService::NewStub(channel_);
    appliance_ = mos::v1::ApplianceService::NewStub(channel_);
  }

  // A connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        server_->addresses()[0], grpc::InsecureChannelCredentials(), arguments);
  }

  // Every call of a test ends, whatever goes wrong.
  static void SetDeadline(grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() +
                          std::chrono::seconds(30));
  }

  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub* stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                 const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    SetDeadline(&context);
    return (stub->*method)(&context, request, response);
  }

  grpc::Status List(const mos::v1::ListFlowsRequest& request,
                    mos::v1::ListFlowsResponse* response) {
    return Call(flows_.get(), &FlowStub::ListFlows, request, response);
  }

  // The flow_id of the only flow that the service lists.
  std::string OnlyFlowId() {
    mos::v1::ListFlowsRequest request;
    request.set_view(mos::v1::FLOW_VIEW_ALL);
    mos::v1::ListFlowsResponse response;
    const grpc::Status status = List(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.flows_size(), 1);
    return response.flows_size() == 1 ? response.flows(0).flow_id() : "";
  }

  testing::FakeDataplane dataplane_;
  RpcStats stats_;
  ServerOptions options_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<FlowStub> flows_;
  std::unique_ptr<ApplianceStub> appliance_;
};

}  // namespace mosd::controlplane
