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

#include <string>
#include <vector>

#include "mos/v1/flow_service.grpc.pb.h"
#include "tests/bench/call_load.h"
#include "tests/bench/fed_appliance.h"
#include "tests/bench/report.h"
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

// One quantity, ours and the echo's.
struct Measure {
  const char* what;
  const char* target;
  const char* unit;
  bool at_least;  // or at most
  double ratio;
  Compared values;
};

void PrintOf(const Measure& measure, uint32_t frame_bytes) {
  const auto [ours, echos] = measure.values;
  const Spread ratio = SpreadOf(Ratios(ours, echos));
  Print({.measure = std::string(measure.what) +
                    " against a bare echo of the same bytes, same process, " +
                    Grouped(frame_bytes) + " B",
         .target = measure.target,
         .measured = Format(SpreadOf(ours), 1, measure.unit),
         .baseline = "echo " + Format(SpreadOf(echos), 1, measure.unit),
         .ratio = Format(ratio, 2),
         .reached = measure.at_least ? ratio.median >= measure.ratio
                                     : ratio.median <= measure.ratio});
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

  Measure calls{.what = "`GetLastPkt`",
                .target = "at least 0.93 of the echo's calls",
                .unit = "thousand a second",
                .at_least = true,
                .ratio = kLeastOfCalls,
                .values = {}};
  Measure cpu{.what = "CPU time of a `GetLastPkt`, client included,",
              .target = "at most 1.08 of the echo's",
              .unit = "us",
              .at_least = false,
              .ratio = kMostOfCpu,
              .values = {}};
  for (int i = 0; i < rounds; ++i) {
    const bool echo_first = i % 2 != 0;
    for (const bool echoed : {echo_first, !echo_first}) {
      const CallCost cost =
          MeasureCalls(echoed ? of_echo : ours, appliance, milliseconds);
      const auto values = [echoed](Measure* measure) {
        return echoed ? &measure->values.baseline : &measure->values.ours;
      };
      values(&calls)->push_back(cost.calls_per_second / 1e3);
      values(&cpu)->push_back(cost.cpu_ns / 1e3);
    }
  }
  echo_server->Shutdown();
  PrintOf(calls, frame_bytes);
  PrintOf(cpu, frame_bytes);
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) {
  return mosd::bench::RunCallBench(argc, argv, "rpc_bench",
                                   &mosd::bench::Compare);
}
