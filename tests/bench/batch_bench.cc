// Last frames a second by BatchGetLastPkt, 1,000 a call, over those by
// GetLastPkt, one a call, out of the same appliance.
//
//   batch_bench [MILLISECONDS [ROUNDS]]
//
// In turn, median and spread over the rounds. Either has as many calls in
// flight as keep both sides of its connection busy; no answer is parsed. The
// one stream that there is, WatchFlows, carries no frames.
#include <grpcpp/grpcpp.h>

#include <set>
#include <string>
#include <vector>

#include "mos/v1/flow_service.grpc.pb.h"
#include "tests/bench/call_load.h"
#include "tests/bench/fed_appliance.h"
#include "tests/bench/report.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {
namespace {

constexpr int kUnaryInFlight = 64;
constexpr int kBatchesInFlight = 4;
// As many as a batch can have.
constexpr uint32_t kFlows = 1'000;
constexpr double kLeastRatio = 10;

// Asks for the client's last frame of every flow.
mos::v1::BatchGetLastPktRequest BatchOf(mos::v1::FlowService::Stub* stub) {
  grpc::ClientContext context;
  mos::v1::ListFlowsResponse flows;
  mos::v1::ListFlowsRequest all;
  all.set_page_size(kFlows);
  if (!stub->ListFlows(&context, all, &flows).ok() ||
      flows.flows_size() != static_cast<int>(kFlows)) {
    Fail("not all flows are listed");
  }
  mos::v1::BatchGetLastPktRequest batch;
  for (const mos::v1::Flow& flow : flows.flows()) {
    mos::v1::GetLastPktRequest* const one = batch.add_requests();
    one->set_side(mos::v1::SIDE_CLIENT);
    one->mutable_flow()->set_flow_id(flow.flow_id());
  }
  return batch;
}

// Whether a batch is answered with the frames that were asked for, each of
// another flow.
bool IsAnswer(const mos::v1::BatchGetLastPktRequest& batch,
              const mos::v1::BatchGetLastPktResponse& answer,
              uint32_t frame_bytes) {
  if (answer.results_size() != static_cast<int>(kFlows)) return false;
  std::set<std::string> ids;
  for (int i = 0; i < answer.results_size(); ++i) {
    const mos::v1::LastPkt& pkt = answer.results(i).last_pkt();
    ids.insert(pkt.flow_id());
    if (pkt.flow_id() != batch.requests(i).flow().flow_id() ||
        pkt.side() != mos::v1::SIDE_CLIENT ||
        pkt.frame().size() != frame_bytes) {
      return false;
    }
  }
  return ids.size() == kFlows;
}

void Compare(uint32_t frame_bytes, int milliseconds, int rounds) {
  const FedAppliance appliance(kFlows, frame_bytes);
  const std::string address = appliance.grpc_address();
  const auto stub = mos::v1::FlowService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const mos::v1::BatchGetLastPktRequest batch = BatchOf(stub.get());
  mos::v1::BatchGetLastPktResponse frames;
  mos::v1::GetLastPktResponse frame;
  grpc::ClientContext contexts[2];
  if (!stub->BatchGetLastPkt(&contexts[0], batch, &frames).ok() ||
      !stub->GetLastPkt(&contexts[1], batch.requests(0), &frame).ok() ||
      !IsAnswer(batch, frames, frame_bytes) ||
      frame.last_pkt().frame() != frames.results(0).last_pkt().frame()) {
    Fail("the last frames are not those that were sent");
  }
  const CallKind unary = {.address = address,
                          .method = "/mos.v1.FlowService/GetLastPkt",
                          .request = Serialized(batch.requests(0)),
                          .answer_bytes = frame.ByteSizeLong(),
                          .in_flight = kUnaryInFlight};
  const CallKind batches = {.address = address,
                            .method = "/mos.v1.FlowService/BatchGetLastPkt",
                            .request = Serialized(batch),
                            .answer_bytes = frames.ByteSizeLong(),
                            .in_flight = kBatchesInFlight};

  std::vector<double> singly, batched, ratios;
  for (int i = 0; i < rounds; ++i) {
    const bool unary_first = i % 2 != 0;
    double frames_per_second[2];
    for (const bool one : {unary_first, !unary_first}) {
      const CallCost cost =
          MeasureCalls(one ? unary : batches, appliance, milliseconds);
      frames_per_second[one] = cost.calls_per_second * (one ? 1 : kFlows);
    }
    batched.push_back(frames_per_second[0] / 1e3);
    singly.push_back(frames_per_second[1] / 1e3);
    ratios.push_back(frames_per_second[0] / frames_per_second[1]);
  }
  const Spread ratio = SpreadOf(ratios);
  Print({.measure = "last frames by `BatchGetLastPkt` over unary "
                    "`GetLastPkt`, " +
                    Grouped(frame_bytes) + " B",
         .target = "at least 10 times",
         .measured = Format(SpreadOf(batched), 0) + " thousand a second",
         .baseline = "unary " + Format(SpreadOf(singly), 1) + " thousand",
         .ratio = Format(ratio, 1),
         .reached = ratio.median >= kLeastRatio});
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) {
  return mosd::bench::RunCallBench(argc, argv, "batch_bench",
                                   &mosd::bench::Compare);
}
