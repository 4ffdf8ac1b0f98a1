#include "controlplane/metrics/rpc_stats.h"

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mos/v1/appliance_service.pb.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::controlplane {
namespace {

TEST(RpcStatsTest, KnowsEveryMethodOfBothServicesAndNothingElse) {
  // Asks the generated descriptors, so that a new RPC cannot be forgotten.
  size_t methods = 0;
  for (const auto* descriptor :
       {mos::v1::GetFlowRequest::descriptor()->file()->service(0),
        mos::v1::GetInfoRequest::descriptor()->file()->service(0)}) {
    for (int i = 0; i < descriptor->method_count(); ++i, ++methods) {
      const std::string path =
          "/" + descriptor->full_name() + "/" + descriptor->method(i)->name();
      const RpcMethod method = RpcMethodOf(path);
      EXPECT_EQ(kRpcMethodNames[static_cast<size_t>(method)],
                descriptor->method(i)->name());
    }
  }
  EXPECT_EQ(methods + 1, kRpcMethodCount);
  EXPECT_EQ(RpcMethodOf("/grpc.health.v1.Health/Check"), RpcMethod::kOther);
  EXPECT_EQ(RpcMethodOf(""), RpcMethod::kOther);
  EXPECT_EQ(RpcMethodOf("/mos.v1.FlowService/ListFlowsX"), RpcMethod::kOther);
}

TEST(RpcStatsTest, FollowsACallFromStartToEnd) {
  RpcStats stats;
  stats.Started(RpcMethod::kGetFlow);
  EXPECT_EQ(stats.started(RpcMethod::kGetFlow), 1u);
  EXPECT_EQ(stats.in_flight(RpcMethod::kGetFlow), 1);
  stats.Handled(RpcMethod::kGetFlow, 5, 60'000);
  EXPECT_EQ(stats.in_flight(RpcMethod::kGetFlow), 0);
  EXPECT_EQ(stats.handled(RpcMethod::kGetFlow, 5), 1u);
  EXPECT_EQ(stats.handled(RpcMethod::kListFlows, 5), 0u);
  EXPECT_EQ(stats.bucket(RpcMethod::kGetFlow, 2), 1u);
  EXPECT_EQ(stats.duration_sum_ns(RpcMethod::kGetFlow), 60'000u);
}

TEST(RpcStatsTest, BucketsIncludeTheirUpperBound) {
  RpcStats stats;
  for (size_t i = 0; i < kRpcBucketBoundsNs.size(); ++i) {
    stats.Handled(RpcMethod::kGetInfo, 0, kRpcBucketBoundsNs[i]);
    EXPECT_EQ(stats.bucket(RpcMethod::kGetInfo, i), 1u) << i;
  }
  stats.Handled(RpcMethod::kGetInfo, 0, kRpcBucketBoundsNs.back() + 1);
  EXPECT_EQ(stats.bucket(RpcMethod::kGetInfo, kRpcBucketCount - 1), 1u);
}

TEST(RpcStatsTest, CodesOutOfRangeAndNegativeTimesDoNoHarm) {
  RpcStats stats;
  stats.Handled(RpcMethod::kOther, -1, -5);
  stats.Handled(RpcMethod::kOther, 17, 0);
  EXPECT_EQ(stats.handled(RpcMethod::kOther, kRpcCodeUnknown), 2u);
  EXPECT_EQ(stats.duration_sum_ns(RpcMethod::kOther), 0u);
}

TEST(RpcStatsTest, LosesNoCountBetweenThreads) {
  RpcStats stats;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&stats] {
      for (int i = 0; i < 10'000; ++i) {
        stats.Started(RpcMethod::kGetLastPkt);
        stats.Handled(RpcMethod::kGetLastPkt, 0, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stats.handled(RpcMethod::kGetLastPkt, 0), 40'000u);
  EXPECT_EQ(stats.in_flight(RpcMethod::kGetLastPkt), 0);
}

}  // namespace
}  // namespace mosd::controlplane
