// The server around the services: addresses, limits, health, reflection and
// shutdown.
#include "controlplane/grpc/server.h"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "grpc/health/v1/health.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/controlplane/grpc/grpc_test_server.h"

namespace mosd::controlplane {
namespace {

using grpc::health::v1::HealthCheckResponse;

class ServerTest : public GrpcServerTest {
 protected:
  // The status of a start that must fail.
  absl::Status StartError(std::vector<std::string> listen) {
    ServerOptions options = options_;
    options.listen = std::move(listen);
    return GrpcServer::Start(options, &dataplane_, &stats_).status();
  }

  // A unary call with serialized messages, of any method.
  grpc::Status RawCall(const std::string& method, const std::string& request,
                       std::string* response) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    SetDeadline(&context);
    const grpc::Slice slice(request);
    const grpc::ByteBuffer sent(&slice, 1);
    grpc::ByteBuffer received;
    std::atomic<bool> done = false;
    grpc::Status status;
    stub.UnaryCall(&context, method, {}, &sent, &received,
                   [&](grpc::Status result) {
                     status = std::move(result);
                     done = true;
                     done.notify_one();
                   });
    done.wait(false);
    if (status.ok()) {
      std::vector<grpc::Slice> slices;
      received.Dump(&slices);
      for (const grpc::Slice& part : slices) {
        response->append(reinterpret_cast<const char*>(part.begin()),
                         part.size());
      }
    }
    return status;
  }

  // UNKNOWN stands for an error.
  HealthCheckResponse::ServingStatus Health(const std::string& service) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    std::string response;
    HealthCheckResponse health;
    if (RawCall("/grpc.health.v1.Health/Check", request.SerializeAsString(),
                &response)
            .ok()) {
      EXPECT_TRUE(health.ParseFromString(response));
    }
    return health.status();
  }
};

TEST_F(ServerTest, ListensOnTcpAndAUnixSocketAtOnce) {
  const testing::TempDir directory;
  const std::string path = directory / "mosd.sock";
  options_.listen = {"127.0.0.1:0", "unix:" + path};
  options_.node = "here";
  StartServer();
  ASSERT_EQ(server_->addresses().size(), 2u);
  EXPECT_EQ(server_->addresses()[1], "unix:" + path);
  EXPECT_TRUE(server_->addresses()[0].starts_with("127.0.0.1:"));
  EXPECT_FALSE(server_->addresses()[0].ends_with(":0"));
  struct stat status;
  ASSERT_EQ(lstat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0660u);
  for (const std::string& address : server_->addresses()) {
    auto stub = mos::v1::ApplianceService::NewStub(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    mos::v1::GetInfoResponse info;
    const grpc::Status called = Call(stub.get(), &ApplianceStub::GetInfo,
                                     mos::v1::GetInfoRequest(), &info);
    ASSERT_TRUE(called.ok()) << called.error_message();
    EXPECT_EQ(info.node(), "here");
  }
  server_.reset();
  EXPECT_NE(lstat(path.c_str(), &status), 0) << "the socket was left behind";
}

TEST_F(ServerTest, ListensOnIpv6Loopback) {
  options_.listen = {"[::1]:0"};
  auto server = GrpcServer::Start(options_, &dataplane_, &stats_);
  if (server.status().code() == absl::StatusCode::kNotFound) {
    GTEST_SKIP() << "this host has no ::1";
  }
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE((*server)->addresses()[0].starts_with("[::1]:"));
}

TEST_F(ServerTest, RefusesAPortThatIsTaken) {
  StartServer();
  const std::string taken = server_->addresses()[0];
  const absl::Status status = StartError({taken});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  EXPECT_NE(status.message().find(taken), absl::string_view::npos) << status;
  // The first server goes on.
  mos::v1::GetInfoResponse info;
  EXPECT_TRUE(Call(appliance_.get(), &ApplianceStub::GetInfo,
                   mos::v1::GetInfoRequest(), &info)
                  .ok());
}

TEST_F(ServerTest, SaysWhyItCannotListen) {
  const testing::TempDir directory;
  const std::vector<std::pair<std::string, absl::StatusCode>> cases = {
      {"0.0.0.0:50051", absl::StatusCode::kFailedPrecondition},
      {"192.0.2.1:50051", absl::StatusCode::kFailedPrecondition},
      {"[::]:50051", absl::StatusCode::kFailedPrecondition},
      {"example.com:50051", absl::StatusCode::kFailedPrecondition},
      {"127.0.0.1", absl::StatusCode::kInvalidArgument},
      {"unix:" + (directory / "none/mosd.sock"), absl::StatusCode::kNotFound},
  };
  for (const auto& [address, code] : cases) {
    const absl::Status status = StartError({"127.0.0.1:0", address});
    EXPECT_EQ(status.code(), code) << address << ": " << status;
    EXPECT_NE(status.message().find(address), absl::string_view::npos)
        << status;
  }
  EXPECT_EQ(StartError({}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ServerTest, HealthFollowsSetServing) {
  StartServer();
  const std::vector<std::string> services = {"", "mos.v1.FlowService",
                                             "mos.v1.ApplianceService"};
  for (const std::string& name : services)
    EXPECT_EQ(Health(name), HealthCheckResponse::SERVING) << name;
  server_->SetServing(false);
  for (const std::string& name : services)
    EXPECT_EQ(Health(name), HealthCheckResponse::NOT_SERVING) << name;
  EXPECT_EQ(Health("mos.v1.Nothing"), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(stats_.started(RpcMethod::kOther), 7u);
}

TEST_F(ServerTest, HealthSaysNotServingUntilTold) {
  options_.listen = {"127.0.0.1:0"};
  auto server = GrpcServer::Start(options_, &dataplane_, &stats_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  channel_ = NewChannel();
  EXPECT_EQ(Health(""), HealthCheckResponse::NOT_SERVING);
}

TEST_F(ServerTest, AMethodThatDoesNotExistIsUnimplemented) {
  StartServer();
  std::string response;
  EXPECT_EQ(RawCall("/mos.v1.FlowService/Nothing", "", &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerTest, ReflectionIsThereWhenSwitchedOn) {
  for (const bool reflection : {true, false, true}) {
    options_.reflection = reflection;
    StartServer();
    std::string response;
    // An empty request is answered by an error message inside the stream; a
    // service that is not there, by UNIMPLEMENTED.
    const grpc::Status status = RawCall(
        "/grpc.reflection.v1alpha.ServerReflection/"
        "ServerReflectionInfo",
        "", &response);
    EXPECT_EQ(status.error_code() == grpc::StatusCode::UNIMPLEMENTED,
              !reflection)
        << status.error_message();
    server_.reset();
  }
}

TEST(ReflectionTest, EveryServiceHasItsDescription) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* service :
       {"mos.v1.FlowService", "mos.v1.ApplianceService",
        "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}) {
    EXPECT_NE(pool->FindServiceByName(service), nullptr) << service;
  }
}

TEST_F(ServerTest, RefusesRequestsThatAreTooLarge) {
  StartServer();
  mos::v1::ListFlowsRequest request;
  request.set_filter(std::string(2 << 20, ' '));
  mos::v1::ListFlowsResponse response;
  EXPECT_EQ(List(request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Answers nothing until it is told to.
class StuckDataplane : public testing::FakeDataplane {
 public:
  std::string DpdkVersion() const override {
    ++waiting;
    release.wait(false);
    return "";
  }
  mutable std::atomic<int> waiting = 0;
  mutable std::atomic<bool> release = false;
};

TEST_F(ServerTest, RefusesCallsAboveTheLimitAndRecovers) {
  options_.max_concurrent_calls = 3;
  options_.max_watches = 10;
  StartServer();
  // Streams hold their places; each on a connection of its own, as one
  // connection alone may not have more than the limit.
  std::vector<std::unique_ptr<FlowStub>> stubs;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<mos::v1::WatchFlowsResponse>>>
      readers;
  for (size_t i = 0; i < 4; ++i) {
    stubs.push_back(mos::v1::FlowService::NewStub(NewChannel()));
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    SetDeadline(contexts[i].get());
    readers.push_back(
        stubs[i]->WatchFlows(contexts[i].get(), mos::v1::WatchFlowsRequest()));
    readers[i]->WaitForInitialMetadata();
  }
  EXPECT_GRPC_ERROR(readers[3]->Finish(), RESOURCE_EXHAUSTED,
                    "TOO_MANY_REQUESTS", "");
  mos::v1::GetStatsResponse response;
  EXPECT_GRPC_ERROR(Call(appliance_.get(), &ApplianceStub::GetStats,
                         mos::v1::GetStatsRequest(), &response),
                    RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS", "");
  EXPECT_TRUE(
      Eventually([&] { return stats_.handled(RpcMethod::kGetStats, 8) == 1; }));
  // Health has a limit of its own.
  EXPECT_EQ(Health(""), HealthCheckResponse::SERVING);
  for (auto& context : contexts) context->TryCancel();
  EXPECT_TRUE(Eventually([&] {
    return Call(appliance_.get(), &ApplianceStub::GetStats,
                mos::v1::GetStatsRequest(), &response)
        .ok();
  }));
  for (size_t i = 0; i < 3; ++i) readers[i]->Finish();
}

TEST_F(ServerTest, ShutdownLetsCallsFinishAndRefusesNewOnes) {
  StuckDataplane dataplane;
  options_.listen = {"127.0.0.1:0"};
  auto server = GrpcServer::Start(options_, &dataplane, &stats_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  auto stub = mos::v1::ApplianceService::NewStub(NewChannel());
  grpc::Status status;
  mos::v1::GetInfoResponse info;
  std::thread caller([&] {
    status = Call(stub.get(), &ApplianceStub::GetInfo,
                  mos::v1::GetInfoRequest(), &info);
  });
  while (dataplane.waiting == 0) std::this_thread::yield();
  std::thread shutdown([&] { server_->Shutdown(absl::Seconds(20)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  auto late = mos::v1::ApplianceService::NewStub(NewChannel());
  mos::v1::GetInfoResponse ignored;
  EXPECT_EQ(Call(late.get(), &ApplianceStub::GetInfo, mos::v1::GetInfoRequest(),
                 &ignored)
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
  dataplane.release = true;
  dataplane.release.notify_all();
  caller.join();
  shutdown.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  server_->Shutdown(absl::Seconds(1));  // again does nothing
  server_.reset();
}

TEST_F(ServerTest, CountsEachCallOnce) {
  StartServer();
  mos::v1::GetFlowResponse response;
  for (int i = 0; i < 5; ++i) {
    Call(flows_.get(), &FlowStub::GetFlow, mos::v1::GetFlowRequest(),
         &response);
  }
  mos::v1::ListFlowsResponse list;
  EXPECT_TRUE(List({}, &list).ok());
  server_.reset();
  EXPECT_EQ(stats_.started(RpcMethod::kGetFlow), 5u);
  EXPECT_EQ(stats_.handled(RpcMethod::kGetFlow, 3), 5u);
  EXPECT_EQ(stats_.in_flight(RpcMethod::kGetFlow), 0);
  EXPECT_EQ(stats_.handled(RpcMethod::kListFlows, 0), 1u);
  EXPECT_GT(stats_.duration_sum_ns(RpcMethod::kListFlows), 0u);
}

}  // namespace
}  // namespace mosd::controlplane
