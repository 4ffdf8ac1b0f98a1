// GetFlow, GetLastPkt and BatchGetLastPkt over a real channel.
#include "controlplane/grpc/flow_service.h"

#include <string>

#include "controlplane/grpc/flow_handle.h"
#include "tests/unit/controlplane/grpc/grpc_test_server.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using dataplane::LastFrameInfo;
using dataplane::Side;

class FlowServiceTest : public GrpcServerTest {
 protected:
  void SetUp() override { StartServer(); }

  grpc::Status GetFlow(const mos::v1::FlowRef& ref,
                       mos::v1::GetFlowResponse* response) {
    mos::v1::GetFlowRequest request;
    *request.mutable_flow() = ref;
    return Call(flows_.get(), &FlowStub::GetFlow, request, response);
  }

  grpc::Status GetLastPkt(const mos::v1::GetLastPktRequest& request,
                          mos::v1::GetLastPktResponse* response) {
    return Call(flows_.get(), &FlowStub::GetLastPkt, request, response);
  }

  grpc::Status GetBatch(const mos::v1::BatchGetLastPktRequest& request,
                        mos::v1::BatchGetLastPktResponse* response) {
    return Call(flows_.get(), &FlowStub::BatchGetLastPkt, request, response);
  }

  // A GetLastPkt request for the only flow.
  mos::v1::GetLastPktRequest LastPktOf(mos::v1::Side side) {
    mos::v1::GetLastPktRequest request;
    request.mutable_flow()->set_flow_id(OnlyFlowId());
    request.set_side(side);
    return request;
  }
};

mos::v1::FlowRef TupleRef(const std::string& client, uint32_t client_port,
                          const std::string& server, uint32_t server_port) {
  mos::v1::FlowRef ref;
  auto* tuple = ref.mutable_tuple();
  tuple->mutable_client()->set_address(client);
  tuple->mutable_client()->set_port(client_port);
  tuple->mutable_server()->set_address(server);
  tuple->mutable_server()->set_port(server_port);
  return ref;
}

const std::string kClient("\x0a\0\0\x01", 4);
const std::string kServer("\x0a\0\0\x02", 4);

TEST_F(FlowServiceTest, ReadsAFlowByIdAndByTupleInEitherOrder) {
  dataplane_.PutFlow(MakeFlow(5));
  mos::v1::FlowRef by_id;
  by_id.set_flow_id(OnlyFlowId());
  for (const mos::v1::FlowRef& ref :
       {by_id, TupleRef(kClient, 1005, kServer, 80),
        TupleRef(kServer, 80, kClient, 1005)}) {
    mos::v1::GetFlowResponse response;
    const grpc::Status status = GetFlow(ref, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.flow().flow_id(), by_id.flow_id());
    EXPECT_EQ(response.flow().tuple().client().address(), kClient);
    EXPECT_EQ(response.flow().tuple().client().port(), 1005u);
    EXPECT_EQ(response.flow().state(), mos::v1::FLOW_STATE_ESTABLISHED);
  }
}

TEST_F(FlowServiceTest, ReadsAnIpv6Flow) {
  FlowSnapshot flow = MakeFlow(5);
  flow.version = dataplane::IpVersion::kIpv6;
  flow.side[0].endpoint.address = {0xfd, 0, 0, 0, 0, 0, 0, 0,
                                   0,    0, 0, 0, 0, 0, 0, 1};
  flow.side[1].endpoint.address = {0xfd, 0, 0, 0, 0, 0, 0, 0,
                                   0,    0, 0, 0, 0, 0, 0, 2};
  dataplane_.PutFlow(flow);
  const std::string prefix = "\xfd" + std::string(14, '\0');
  mos::v1::GetFlowResponse response;
  ASSERT_TRUE(
      GetFlow(TupleRef(prefix + '\1', 1005, prefix + '\2', 80), &response)
          .ok());
  EXPECT_EQ(response.flow().tuple().server().address(), prefix + '\2');
}

TEST_F(FlowServiceTest, SaysFlowNotFound) {
  dataplane_.PutFlow(MakeFlow(5));
  FlowHandle handle;
  ASSERT_TRUE(FlowHandle::Parse(OnlyFlowId(), &handle));
  std::vector<mos::v1::FlowRef> refs(4);
  // A later connection in the same record, another start or appliance, no
  // record at all, a tuple that was never seen.
  FlowHandle other = handle;
  other.id.value += 1;
  refs[0].set_flow_id(other.ToText());
  other = handle;
  other.epoch ^= 1;
  refs[1].set_flow_id(other.ToText());
  other = handle;
  other.id.value = 0;
  refs[2].set_flow_id(other.ToText());
  refs[3] = TupleRef(kClient, 1006, kServer, 80);
  for (const mos::v1::FlowRef& ref : refs) {
    mos::v1::GetFlowResponse response;
    EXPECT_GRPC_ERROR(GetFlow(ref, &response), NOT_FOUND, "FLOW_NOT_FOUND",
                      "EBADF");
  }
}

TEST_F(FlowServiceTest, NamesTheFieldThatIsWrong) {
  dataplane_.PutFlow(MakeFlow(5));
  const std::string good = OnlyFlowId();
  std::vector<std::pair<mos::v1::FlowRef, std::string>> cases;
  cases.emplace_back(mos::v1::FlowRef(), "flow");
  for (const std::string& id :
       {std::string(), good + "0", good.substr(1), "G" + good.substr(1),
        "A" + good.substr(1), std::string(24, ' '), std::string(5000, 'a')}) {
    mos::v1::FlowRef ref;
    ref.set_flow_id(id);
    cases.emplace_back(ref, "flow.flow_id");
  }
  cases.emplace_back(TupleRef("", 1, kServer, 80), "flow.tuple.client.address");
  cases.emplace_back(TupleRef("abc", 1, kServer, 80),
                     "flow.tuple.client.address");
  cases.emplace_back(TupleRef(kClient, 1, std::string(17, 'x'), 80),
                     "flow.tuple.server.address");
  cases.emplace_back(TupleRef(kClient, 1, std::string(16, 'x'), 80),
                     "flow.tuple.server.address");
  cases.emplace_back(TupleRef(kClient, 65536, kServer, 80),
                     "flow.tuple.client.port");
  cases.emplace_back(TupleRef(kClient, 1, kServer, 0xffffffff),
                     "flow.tuple.server.port");
  for (const auto& [ref, field] : cases) {
    mos::v1::GetFlowResponse response;
    const grpc::Status status = GetFlow(ref, &response);
    EXPECT_GRPC_ERROR(status, INVALID_ARGUMENT, "INVALID_ARGUMENT", "EINVAL");
    EXPECT_EQ(ErrorDetails::Of(status).field, field);
    EXPECT_FALSE(ErrorDetails::Of(status).description.empty());
  }
}

TEST_F(FlowServiceTest, ServesEveryFieldOfTheLastPacket) {
  const FlowSnapshot flow = MakeFlow(5);
  dataplane_.PutFlow(flow);
  const std::vector<uint8_t> bytes = MakeFrame(118);
  LastFrameInfo info{};
  info.capture_time_ns = 1'699'999'995'123'456'789;
  info.stream_offset = 5'000'000'000;
  info.wire_length = 1514;
  info.ip_length = 1500;
  info.payload_length = 1448;
  info.seq = 0xfffffff0;
  info.ack = 7;
  info.window = 65535;
  info.ip_offset = 18;
  info.tcp_offset = 38;
  info.payload_offset = 70;
  info.tcp_flags = 0x18;
  info.port = 3;
  dataplane_.PutLastFrame(flow.id, Side::kServer, info, bytes);

  const mos::v1::GetLastPktRequest request = LastPktOf(mos::v1::SIDE_SERVER);
  mos::v1::GetLastPktResponse response;
  ASSERT_TRUE(GetLastPkt(request, &response).ok());
  const mos::v1::LastPkt& pkt = response.last_pkt();
  EXPECT_EQ(pkt.flow_id(), request.flow().flow_id());
  EXPECT_EQ(pkt.side(), mos::v1::SIDE_SERVER);
  EXPECT_EQ(pkt.tuple().server().port(), 80u);
  EXPECT_EQ(pkt.capture_time().seconds(), 1'699'999'995);
  EXPECT_EQ(pkt.capture_time().nanos(), 123'456'789);
  EXPECT_EQ(pkt.cur_ts(), static_cast<uint32_t>(1'699'999'995'123));
  EXPECT_EQ(pkt.in_ifidx(), 3u);
  EXPECT_EQ(pkt.eth_len(), 1514u);
  EXPECT_EQ(pkt.ip_len(), 1500u);
  EXPECT_EQ(pkt.offset(), 5'000'000'000u);
  EXPECT_EQ(pkt.payloadlen(), 1448u);
  EXPECT_EQ(pkt.seq(), 0xfffffff0u);
  EXPECT_EQ(pkt.ack_seq(), 7u);
  EXPECT_EQ(pkt.window(), 65535u);
  EXPECT_EQ(pkt.tcp_flags(), 0x18u);
  EXPECT_EQ(pkt.wire_length(), 1514u);
  EXPECT_EQ(pkt.captured_length(), 118u);
  EXPECT_EQ(pkt.ip_offset(), 18u);
  EXPECT_EQ(pkt.tcp_offset(), 38u);
  EXPECT_EQ(pkt.payload_offset(), 70u);
  EXPECT_EQ(pkt.frame(), std::string(bytes.begin(), bytes.end()));
}

TEST_F(FlowServiceTest, ServesTheLongestFrame) {
  const FlowSnapshot flow = MakeFlow(5);
  dataplane_.PutFlow(flow);
  dataplane_.PutLastFrame(flow.id, Side::kClient, {}, MakeFrame(65535));
  mos::v1::GetLastPktResponse response;
  ASSERT_TRUE(GetLastPkt(LastPktOf(mos::v1::SIDE_CLIENT), &response).ok());
  EXPECT_EQ(response.last_pkt().frame().size(), 65535u);
}

TEST_F(FlowServiceTest, SaysWhyThereIsNoFrame) {
  dataplane_.PutFlow(MakeFlow(5));
  mos::v1::GetLastPktResponse response;
  EXPECT_GRPC_ERROR(GetLastPkt(LastPktOf(mos::v1::SIDE_CLIENT), &response),
                    NOT_FOUND, "NO_FRAME", "ENODATA");
  const mos::v1::GetLastPktRequest contended = LastPktOf(mos::v1::SIDE_CLIENT);
  dataplane_.contended = true;
  EXPECT_GRPC_ERROR(GetLastPkt(contended, &response), ABORTED, "READ_CONTENDED",
                    "EAGAIN");
}

TEST_F(FlowServiceTest, WantsASide) {
  dataplane_.PutFlow(MakeFlow(5));
  mos::v1::GetLastPktRequest request = LastPktOf(mos::v1::SIDE_UNSPECIFIED);
  for (const int side : {0, 3, -1}) {
    request.set_side(static_cast<mos::v1::Side>(side));
    mos::v1::GetLastPktResponse response;
    const grpc::Status status = GetLastPkt(request, &response);
    EXPECT_GRPC_ERROR(status, INVALID_ARGUMENT, "INVALID_ARGUMENT", "EINVAL");
    EXPECT_EQ(ErrorDetails::Of(status).field, "side");
  }
}

TEST_F(FlowServiceTest, ABatchHasAnOutcomeForEach) {
  const FlowSnapshot flow = MakeFlow(5);
  dataplane_.PutFlow(flow);
  dataplane_.PutLastFrame(flow.id, Side::kServer, {}, MakeFrame(60));
  mos::v1::BatchGetLastPktRequest request;
  *request.add_requests() = LastPktOf(mos::v1::SIDE_SERVER);
  *request.add_requests() = LastPktOf(mos::v1::SIDE_CLIENT);
  request.add_requests();
  mos::v1::BatchGetLastPktResponse response;
  ASSERT_TRUE(GetBatch(request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(0).last_pkt().frame().size(), 60u);
  EXPECT_EQ(response.results(1).error().code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ErrorDetails::Of(response.results(1).error()).reason, "NO_FRAME");
  EXPECT_EQ(response.results(2).error().code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorDetails::Of(response.results(2).error()).field, "side");
}

TEST_F(FlowServiceTest, ABatchHasBounds) {
  mos::v1::BatchGetLastPktRequest request;
  mos::v1::BatchGetLastPktResponse response;
  EXPECT_GRPC_ERROR(GetBatch(request, &response), INVALID_ARGUMENT,
                    "INVALID_ARGUMENT", "EINVAL");
  for (int i = 0; i < 1001; ++i) request.add_requests();
  EXPECT_GRPC_ERROR(GetBatch(request, &response), INVALID_ARGUMENT,
                    "INVALID_ARGUMENT", "EINVAL");
  request.mutable_requests()->RemoveLast();
  EXPECT_TRUE(GetBatch(request, &response).ok());
  EXPECT_EQ(response.results_size(), 1000);
}

TEST_F(FlowServiceTest, ABatchStopsBeforeClientsRefuseIt) {
  const FlowSnapshot flow = MakeFlow(5);
  dataplane_.PutFlow(flow);
  dataplane_.PutLastFrame(flow.id, Side::kServer, {}, MakeFrame(9018));
  const mos::v1::GetLastPktRequest one = LastPktOf(mos::v1::SIDE_SERVER);
  mos::v1::BatchGetLastPktRequest request;
  for (int i = 0; i < 1000; ++i) *request.add_requests() = one;
  mos::v1::BatchGetLastPktResponse response;
  ASSERT_TRUE(GetBatch(request, &response).ok());
  EXPECT_LT(response.ByteSizeLong(), 4u << 20);
  ASSERT_EQ(response.results_size(), 1000);
  int served = 0;
  for (const auto& result : response.results()) {
    if (result.has_last_pkt()) {
      ++served;
      continue;
    }
    EXPECT_EQ(result.error().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(ErrorDetails::Of(result.error()).reason, "RESPONSE_TOO_LARGE");
  }
  EXPECT_GT(served, 300);
  EXPECT_LT(served, 1000);
}

}  // namespace
}  // namespace mosd::controlplane
