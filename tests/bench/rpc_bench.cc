// GetLastPkt, out of a running dataplane, against an echo that returns as many
// bytes and does nothing else: both served in this process, on Unix sockets,
// with 64 calls in flight on one channel.
//
//   rpc_bench [MILLISECONDS [ROUNDS]]
//
// Prints rows of a Markdown table: calls a second of GetLastPkt over those of
// the echo, in turn, median and spread over the rounds.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/grpc/server.h"
#include "dataplane/dataplane.h"
#include "mos/v1/flow_service.grpc.pb.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"

namespace mosd::bench {
namespace {

constexpr int kInFlight = 64;
constexpr uint32_t kFlows = 1'000;
constexpr char kMethod[] = "/mos.v1.FlowService/GetLastPkt";

[[noreturn]] void Fail(std::string_view why) {
  std::fprintf(stderr, "rpc_bench: %.*s\n", static_cast<int>(why.size()),
               why.data());
  std::exit(1);
}

// A dataplane that has seen all of `kFlows` connections speak.
class Appliance {
 public:
  explicit Appliance(uint32_t frame_bytes) : traffic_(kFlows, frame_bytes) {
    ring_ = rte_ring_create("rpc_bench", 1024, SOCKET_ID_ANY, 0);
    if (ring_ == nullptr) Fail("no ring");
    dataplane::DataplaneOptions options;
    options.ports.push_back({.device = "ring:rpc_bench"});
    options.max_flows = 2 * kFlows;
    auto started = dataplane::Dataplane::Start(options);
    if (!started.ok()) Fail(std::string(started.status().message()));
    dataplane_ = *std::move(started);
    Feed(traffic_.handshake_frames() + 4 * kFlows);
  }
  ~Appliance() {
    dataplane_.reset();
    rte_ring_free(ring_);
  }

  dataplane::Dataplane* get() { return dataplane_.get(); }

 private:
  void Feed(uint64_t frames) {
    uint64_t sent = 0;
    while (sent < frames) {
      rte_mbuf* burst[Traffic::kBurst];
      traffic_.Next(burst);
      sent += Traffic::kBurst;
      for (rte_mbuf* frame : burst) {
        while (rte_ring_enqueue(ring_, frame) != 0) std::this_thread::yield();
      }
    }
    while (dataplane_->Workers()[0].accounted_frames < sent) {
      std::this_thread::yield();
    }
  }

  Traffic traffic_;
  rte_ring* ring_;
  std::unique_ptr<dataplane::Dataplane> dataplane_;
};

// Answers every call with the same message.
class Echo final : public mos::v1::FlowService::CallbackService {
 public:
  // `bytes` is the size of an answer on the wire.
  explicit Echo(size_t bytes) {
    // A field in a message in a message: three bytes each of tag and length.
    frame_.assign(bytes > 8 ? bytes - 8 : 0, 'x');
  }
  grpc::ServerUnaryReactor* GetLastPkt(
      grpc::CallbackServerContext* context, const mos::v1::GetLastPktRequest*,
      mos::v1::GetLastPktResponse* response) override {
    response->mutable_last_pkt()->set_frame(frame_);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  std::string frame_;
};

// A client that keeps kInFlight calls going.
class Load {
 public:
  Load(const std::string& address, const grpc::ByteBuffer& request)
      : request_(request) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments));
    for (Call& call : calls_) Begin(&call);
  }
  ~Load() {
    ending_.store(true);
    while (ended_.load() != kInFlight) std::this_thread::yield();
  }

  uint64_t done() const { return done_.load(); }

 private:
  struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer answer;
  };

  void Begin(Call* call) {
    call->context = std::make_unique<grpc::ClientContext>();
    call->answer.Clear();
    stub_->UnaryCall(call->context.get(), kMethod, {}, &request_, &call->answer,
                     [this, call](grpc::Status status) {
                       if (!status.ok()) Fail(status.error_message());
                       done_.fetch_add(1, std::memory_order_relaxed);
                       if (ending_.load()) {
                         ended_.fetch_add(1);
                       } else {
                         Begin(call);
                       }
                     });
  }

  const grpc::ByteBuffer request_;
  std::unique_ptr<grpc::GenericStub> stub_;
  Call calls_[kInFlight];
  std::atomic<uint64_t> done_{0};
  std::atomic<bool> ending_{false};
  std::atomic<int> ended_{0};
};

double CallsPerSecond(const std::string& address,
                      const grpc::ByteBuffer& request, int milliseconds) {
  using Clock = std::chrono::steady_clock;
  Load load(address, request);
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds / 4));
  const uint64_t before = load.done();
  const Clock::time_point start = Clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return static_cast<double>(load.done() - before) /
         std::chrono::duration<double>(Clock::now() - start).count();
}

// Asks for the client's last frame of the first flow.
mos::v1::GetLastPktRequest RequestOf(mos::v1::FlowService::Stub* stub) {
  grpc::ClientContext context;
  mos::v1::ListFlowsRequest request;
  mos::v1::ListFlowsResponse flows;
  request.set_page_size(1);
  const grpc::Status status = stub->ListFlows(&context, request, &flows);
  if (!status.ok() || flows.flows_size() != 1) Fail("no flow is listed");
  mos::v1::GetLastPktRequest last;
  last.set_side(mos::v1::SIDE_CLIENT);
  last.mutable_flow()->set_flow_id(flows.flows(0).flow_id());
  return last;
}

void Row(const std::string& folder, uint32_t frame_bytes, int milliseconds,
         int rounds) {
  Appliance appliance(frame_bytes);
  controlplane::RpcStats stats;
  controlplane::ServerOptions options;
  options.listen = {"unix:" + folder + "/mosd.sock"};
  auto server =
      controlplane::GrpcServer::Start(options, appliance.get(), &stats);
  if (!server.ok()) Fail(std::string(server.status().message()));
  const std::string address = (*server)->addresses()[0];
  const auto stub = mos::v1::FlowService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const mos::v1::GetLastPktRequest request = RequestOf(stub.get());
  mos::v1::GetLastPktResponse answer;
  grpc::ClientContext context;
  if (!stub->GetLastPkt(&context, request, &answer).ok() ||
      answer.last_pkt().frame().size() != frame_bytes) {
    Fail("the last frame is not the one that was sent");
  }

  Echo echo(answer.ByteSizeLong());
  const std::string echo_address = "unix:" + folder + "/echo.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort(echo_address, grpc::InsecureServerCredentials());
  builder.RegisterService(&echo);
  const auto echo_server = builder.BuildAndStart();

  grpc::ByteBuffer bytes;
  bool own = false;
  grpc::SerializationTraits<mos::v1::GetLastPktRequest>::Serialize(
      request, &bytes, &own);
  std::vector<double> ratios;
  std::vector<double> rates;
  for (int i = 0; i < rounds; ++i) {
    const bool echo_first = i % 2 != 0;
    double calls[2];
    for (const bool of_echo : {echo_first, !echo_first}) {
      calls[of_echo] =
          CallsPerSecond(of_echo ? echo_address : address, bytes, milliseconds);
    }
    ratios.push_back(calls[0] / calls[1]);
    rates.push_back(calls[0]);
  }
  std::printf("| %u | %zu | %s | %s |\n", frame_bytes, answer.ByteSizeLong(),
              Format(SpreadOf(rates), 0).c_str(),
              Format(SpreadOf(ratios), 3).c_str());
  std::fflush(stdout);
  echo_server->Shutdown();
}

int Main(int argc, char** argv) {
  const int milliseconds = argc > 1 ? std::atoi(argv[1]) : 700;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 11;
  if (milliseconds <= 0 || rounds <= 0) {
    std::fprintf(stderr, "rpc_bench [MILLISECONDS [ROUNDS]]\n");
    return 2;
  }
  StartBench();
  char folder[] = "/tmp/rpc_bench.XXXXXX";
  if (mkdtemp(folder) == nullptr) Fail("no folder under /tmp");
  std::printf(
      "| frame, bytes | answer, bytes | GetLastPkt calls a second | over an "
      "echo's |\n|---|---|---|---|\n");
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    Row(folder, frame_bytes, milliseconds, rounds);
  }
  rmdir(folder);
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
