// GetLastPkt, out of a running appliance, against an echo that returns as many
// bytes and does nothing else: both served in this process, on Unix sockets,
// with 64 calls in flight on one channel.
//
//   rpc_bench [MILLISECONDS [ROUNDS]]
//
// Calls a second, and the CPU time of a call, in turn with the echo's, median
// and spread over the rounds. Server and client are one process, so that CPU
// time is that of both; the client does the same for either.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "mos/v1/flow_service.grpc.pb.h"
#include "tests/bench/call_load.h"
#include "tests/bench/fed_appliance.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/support/temp_dir.h"

namespace mosd::bench {
namespace {

constexpr int kInFlight = 64;
constexpr uint32_t kFlows = 1'000;
constexpr double kLeastOfCalls = 0.93;
constexpr double kMostOfCpu = 1.08;

// Answers every call with the same message.
class Echo final : public mos::v1::FlowService::CallbackService {
 public:
  // `bytes` is the size of an answer on the wire.
  explicit Echo(size_t bytes) {
    mos::v1::GetLastPktResponse answer;
    frame_.assign(bytes, 'x');
    // Tags and lengths take a little of it, and less in a smaller message.
    while (!frame_.empty()) {
      answer.mutable_last_pkt()->set_frame(frame_);
      if (answer.ByteSizeLong() <= bytes) break;
      frame_.pop_back();
    }
    if (answer.ByteSizeLong() != bytes) Fail("no echo has as many bytes");
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

CallKind GetLastPktOf(const FedAppliance& appliance, uint32_t frame_bytes) {
  const auto stub = mos::v1::FlowService::NewStub(grpc::CreateChannel(
      appliance.grpc_address(), grpc::InsecureChannelCredentials()));
  const mos::v1::GetLastPktRequest request = RequestOf(stub.get());
  mos::v1::GetLastPktResponse answer;
  grpc::ClientContext context;
  if (!stub->GetLastPkt(&context, request, &answer).ok() ||
      answer.last_pkt().flow_id() != request.flow().flow_id() ||
      answer.last_pkt().frame().size() != frame_bytes) {
    Fail("the last frame is not the one that was sent");
  }
  return {.address = appliance.grpc_address(),
          .method = "/mos.v1.FlowService/GetLastPkt",
          .request = Serialized(request),
          .answer_bytes = answer.ByteSizeLong(),
          .in_flight = kInFlight};
}

// One quantity of ours and of the echo's, a value for each round.
struct Compared {
  void Add(double mine, double its) {
    ours.push_back(mine);
    echos.push_back(its);
    ratios.push_back(mine / its);
  }
  std::vector<double> ours, echos, ratios;
};

void PrintBoth(uint32_t frame_bytes, const Compared& calls,
               const Compared& cpu) {
  const std::string what =
      " against a bare echo of the same bytes, "
      "same process, " +
      Grouped(frame_bytes) + " B";
  const Spread of_calls = SpreadOf(calls.ratios);
  Print({.measure = "`GetLastPkt`" + what,
         .target = "at least 0.93 of the echo's calls",
         .measured = Format(SpreadOf(calls.ours), 1) + " thousand a second",
         .baseline = "echo " + Format(SpreadOf(calls.echos), 1) + " thousand",
         .ratio = Format(of_calls, 2),
         .reached = of_calls.median >= kLeastOfCalls});
  const Spread of_cpu = SpreadOf(cpu.ratios);
  Print({.measure = "CPU time of a `GetLastPkt`, client included," + what,
         .target = "at most 1.08 of the echo's",
         .measured = Format(SpreadOf(cpu.ours), 1) + " us",
         .baseline = "echo " + Format(SpreadOf(cpu.echos), 1) + " us",
         .ratio = Format(of_cpu, 2),
         .reached = of_cpu.median <= kMostOfCpu});
}

void Compare(uint32_t frame_bytes, int milliseconds, int rounds) {
  const FedAppliance appliance(kFlows, frame_bytes);
  const CallKind ours = GetLastPktOf(appliance, frame_bytes);
  const testing::TempDir folder;
  CallKind of_echo = ours;
  of_echo.address = "unix:" + (folder / "echo.sock");
  Echo echo(ours.answer_bytes);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(of_echo.address, grpc::InsecureServerCredentials());
  builder.RegisterService(&echo);
  const auto echo_server = builder.BuildAndStart();
  if (echo_server == nullptr) Fail("the echo does not start");

  Compared calls, cpu;
  for (int i = 0; i < rounds; ++i) {
    const bool echo_first = i % 2 != 0;
    CallCost costs[2];
    for (const bool echoed : {echo_first, !echo_first}) {
      costs[echoed] =
          MeasureCalls(echoed ? of_echo : ours, appliance, milliseconds);
    }
    calls.Add(costs[0].calls_per_second / 1e3, costs[1].calls_per_second / 1e3);
    cpu.Add(costs[0].cpu_ns / 1e3, costs[1].cpu_ns / 1e3);
  }
  echo_server->Shutdown();
  PrintBoth(frame_bytes, calls, cpu);
}

int Main(int argc, char** argv) {
  const int milliseconds = argc > 1 ? std::atoi(argv[1]) : 700;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 11;
  if (argc > 3 || milliseconds <= 0 || rounds <= 0) {
    std::fprintf(stderr, "rpc_bench [MILLISECONDS [ROUNDS]]\n");
    return 2;
  }
  StartBench();
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    Compare(frame_bytes, milliseconds, rounds);
  }
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
