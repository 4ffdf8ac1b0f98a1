// ApplianceService over a real channel, and the sums of GetStats.
#include "controlplane/grpc/appliance_service.h"

#include <cctype>
#include <string>

#include "controlplane/grpc/convert.h"
#include "tests/unit/controlplane/grpc/grpc_test_server.h"

namespace mosd::controlplane {
namespace {

using dataplane::DropReason;
using dataplane::FlowState;

class ApplianceServiceTest : public GrpcServerTest {};

TEST_F(ApplianceServiceTest, TellsWhoItIs) {
  options_.node = "rack7";
  dataplane_.input_exhausted = true;
  StartServer();
  mos::v1::GetInfoResponse info;
  ASSERT_TRUE(Call(appliance_.get(), &ApplianceStub::GetInfo,
                   mos::v1::GetInfoRequest(), &info)
                  .ok());
  EXPECT_EQ(info.node(), "rack7");
  EXPECT_FALSE(info.version().empty());
  EXPECT_FALSE(info.commit().empty());
  EXPECT_EQ(info.boot_epoch().size(), 32u);
  EXPECT_GT(info.start_time().seconds(), 1'700'000'000);
  EXPECT_EQ(info.dpdk_version(), "DPDK fake");
  EXPECT_GT(info.features_size(), 0);
  EXPECT_TRUE(info.input_exhausted());
  const std::string boot_epoch = info.boot_epoch();
  StartServer();
  ASSERT_TRUE(Call(appliance_.get(), &ApplianceStub::GetInfo,
                   mos::v1::GetInfoRequest(), &info)
                  .ok());
  EXPECT_NE(info.boot_epoch(), boot_epoch);
}

TEST_F(ApplianceServiceTest, ListsPorts) {
  dataplane_.ports.resize(2);
  dataplane::PortSnapshot& first = dataplane_.ports[0];
  first.device = "pcap:a.pcap";
  first.driver = "net_ring";
  first.link_up = true;
  first.exhausted = true;
  first.error = "truncated at byte 17";
  first.rx_queues = 2;
  first.rx_frames = 3;
  first.rx_bytes = 4;
  first.missed_frames = 5;
  first.error_frames = 6;
  first.no_mbuf_frames = 7;
  StartServer();
  mos::v1::ListPortsResponse response;
  ASSERT_TRUE(Call(appliance_.get(), &ApplianceStub::ListPorts,
                   mos::v1::ListPortsRequest(), &response)
                  .ok());
  ASSERT_EQ(response.ports_size(), 2);
  const mos::v1::Port& port = response.ports(0);
  EXPECT_EQ(port.index(), 0u);
  EXPECT_EQ(port.device(), "pcap:a.pcap");
  EXPECT_EQ(port.driver(), "net_ring");
  EXPECT_TRUE(port.link_up());
  EXPECT_TRUE(port.exhausted());
  EXPECT_EQ(port.error(), "truncated at byte 17");
  EXPECT_EQ(port.rx_queues(), 2u);
  EXPECT_EQ(port.rx_frames(), 3u);
  EXPECT_EQ(port.rx_bytes(), 4u);
  EXPECT_EQ(port.missed_frames(), 5u);
  EXPECT_EQ(port.error_frames(), 6u);
  EXPECT_EQ(port.no_mbuf_frames(), 7u);
  EXPECT_EQ(response.ports(1).index(), 1u);
}

TEST_F(ApplianceServiceTest, ListsWorkers) {
  dataplane::WorkerSnapshot& worker = dataplane_.workers[0];
  worker.cpu = 3;
  worker.received_frames = 100;
  worker.accounted_frames = 90;
  worker.drops[static_cast<size_t>(DropReason::kUdp)] = 10;
  worker.flows_by_state[static_cast<size_t>(FlowState::kHalfOpen)] = 1;
  worker.flows_by_state[static_cast<size_t>(FlowState::kEstablished)] = 2;
  worker.flows_by_state[static_cast<size_t>(FlowState::kEnded)] = 4;
  worker.turns = 9;
  worker.busy_turns = 8;
  worker.slow_turns = 7;
  worker.heartbeat_age_ns = 1'500'000'000;
  StartServer();
  mos::v1::ListWorkersResponse response;
  ASSERT_TRUE(Call(appliance_.get(), &ApplianceStub::ListWorkers,
                   mos::v1::ListWorkersRequest(), &response)
                  .ok());
  ASSERT_EQ(response.workers_size(), 1);
  const mos::v1::Worker& out = response.workers(0);
  EXPECT_EQ(out.cpu(), 3);
  ASSERT_EQ(out.drops_size(), 1);
  EXPECT_EQ(out.drops(0).reason(), mos::v1::DROP_REASON_UDP);
  EXPECT_EQ(out.drops(0).frames(), 10u);
  EXPECT_EQ(out.live_flows(), 3u);
  EXPECT_EQ(out.ended_flows(), 4u);
  EXPECT_EQ(out.turns(), 9u);
  EXPECT_EQ(out.busy_turns(), 8u);
  EXPECT_EQ(out.slow_turns(), 7u);
  EXPECT_EQ(out.heartbeat_age().seconds(), 1);
  EXPECT_EQ(out.heartbeat_age().nanos(), 500'000'000);
}

// received = accounted + dropped + in hand-off, whatever moment each worker
// was read at.
void ExpectBalance(const mos::v1::GetStatsResponse& stats) {
  EXPECT_EQ(stats.received_frames(), stats.accounted_frames() +
                                         stats.dropped_frames() +
                                         stats.in_handoff_frames());
}

TEST_F(ApplianceServiceTest, SumsOverWorkersAndPorts) {
  dataplane_.workers.resize(2);
  for (dataplane::WorkerSnapshot& worker : dataplane_.workers) {
    worker.received_frames = 100;
    worker.received_bytes = 6000;
    worker.accounted_frames = 80;
    worker.drops[static_cast<size_t>(DropReason::kUdp)] = 12;
    worker.drops[static_cast<size_t>(DropReason::kTcpOrphan)] = 3;
    worker.handed_out_frames = 5;
    worker.flows_by_state[static_cast<size_t>(FlowState::kEnded)] = 7;
    worker.flows_ended[static_cast<size_t>(dataplane::EndReason::kRstClient)] =
        7;
    worker.retransmitted_frames = 2;
  }
  dataplane_.ports.resize(1);
  dataplane_.ports[0].missed_frames = 1;
  dataplane_.ports[0].error_frames = 2;
  dataplane_.ports[0].no_mbuf_frames = 3;
  dataplane_.last_frame_memory = {64, 128, {{1514, 1, 2}}};
  StartServer();
  mos::v1::GetStatsResponse stats;
  ASSERT_TRUE(Call(appliance_.get(), &ApplianceStub::GetStats,
                   mos::v1::GetStatsRequest(), &stats)
                  .ok());
  ExpectBalance(stats);
  EXPECT_EQ(stats.received_frames(), 200u);
  EXPECT_EQ(stats.dropped_frames(), 30u);
  ASSERT_EQ(stats.drops_size(), 2);
  EXPECT_EQ(stats.drops(1).reason(), mos::v1::DROP_REASON_TCP_ORPHAN);
  EXPECT_EQ(stats.drops(1).frames(), 6u);
  EXPECT_EQ(stats.in_handoff_frames(), 10u);
  ASSERT_EQ(stats.flows_by_state_size(), 5);
  EXPECT_EQ(stats.flows_by_state(4).flows(), 14u);
  ASSERT_EQ(stats.flows_ended_size(), 1);
  EXPECT_EQ(stats.flows_ended(0).reason(), mos::v1::END_REASON_RST_CLIENT);
  EXPECT_EQ(stats.missed_frames(), 6u);
  EXPECT_EQ(stats.retransmitted_frames(), 4u);
  EXPECT_EQ(stats.last_frame_bytes(), 64u);
  EXPECT_EQ(stats.frame_classes(0).frame_bytes(), 1514u);
}

TEST_F(ApplianceServiceTest, BalancesWhenWorkersWereReadApart) {
  // The first was read before it passed 5 frames on, the second after it took
  // them over.
  dataplane_.workers.resize(2);
  dataplane_.workers[0].received_frames = 10;
  dataplane_.workers[0].accounted_frames = 10;
  dataplane_.workers[1].handed_in_frames = 5;
  dataplane_.workers[1].accounted_frames = 5;
  mos::v1::GetStatsResponse stats;
  FillStats(dataplane_, &stats);
  ExpectBalance(stats);
  EXPECT_EQ(stats.received_frames(), 15u);
}

TEST(ConvertTest, DropReasonsAreThoseOfTheProto) {
  const auto* descriptor = mos::v1::DropReason_descriptor();
  ASSERT_EQ(static_cast<size_t>(descriptor->value_count()),
            dataplane::kDropReasonCount);
  for (size_t i = 1; i < dataplane::kDropReasonCount; ++i) {
    std::string name = "DROP_REASON_";
    for (const char c : dataplane::kDropReasonNames[i]) {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    EXPECT_EQ(mos::v1::DropReason_Name(static_cast<int>(i)), name);
  }
}

TEST(ConvertTest, TimesBefore1970CountForward) {
  google::protobuf::Timestamp timestamp;
  FillTimestamp(-1, &timestamp);
  EXPECT_EQ(timestamp.seconds(), -1);
  EXPECT_EQ(timestamp.nanos(), 999'999'999);
}

}  // namespace
}  // namespace mosd::controlplane
