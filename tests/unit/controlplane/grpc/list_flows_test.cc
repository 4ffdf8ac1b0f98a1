// ListFlows over a real channel: views, filters, paging and its tokens.
#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "controlplane/grpc/convert.h"
#include "controlplane/grpc/flow_lister.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/unit/controlplane/grpc/grpc_test_server.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using dataplane::FlowState;

// A page as the client takes it apart.
mos::v1::ListFlowsResponse Page(const FlowLister& lister,
                                const mos::v1::ListFlowsRequest& request) {
  grpc::ByteBuffer bytes;
  EXPECT_TRUE(lister.List(request, &bytes).ok());
  mos::v1::ListFlowsResponse response;
  EXPECT_TRUE(
      grpc::SerializationTraits<mos::v1::ListFlowsResponse>::Deserialize(
          &bytes, &response)
          .ok());
  return response;
}

class ListFlowsTest : public GrpcServerTest {
 protected:
  void SetUp() override { StartServer(); }

  // Reads pages to the end; counts how often each client port was met.
  std::map<uint32_t, int> ReadAll(mos::v1::ListFlowsRequest request,
                                  const std::function<void()>& between) {
    std::map<uint32_t, int> met;
    do {
      mos::v1::ListFlowsResponse response;
      const grpc::Status status = List(request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      for (const auto& flow : response.flows()) {
        ++met[flow.tuple().client().port()];
      }
      request.set_page_token(response.next_page_token());
      between();
    } while (!request.page_token().empty());
    return met;
  }

  std::string TokenAfterOne(const mos::v1::ListFlowsRequest& request) {
    mos::v1::ListFlowsRequest first = request;
    first.set_page_size(1);
    mos::v1::ListFlowsResponse response;
    EXPECT_TRUE(List(first, &response).ok());
    EXPECT_FALSE(response.next_page_token().empty());
    return response.next_page_token();
  }
};

TEST_F(ListFlowsTest, AnEmptyTableIsOneEmptyPage) {
  mos::v1::ListFlowsResponse response;
  ASSERT_TRUE(List({}, &response).ok());
  EXPECT_EQ(response.flows_size(), 0);
  EXPECT_TRUE(response.next_page_token().empty());
}

TEST_F(ListFlowsTest, ShowsLiveFlowsEndedOnesOrBoth) {
  dataplane_.PutFlow(MakeFlow(1));
  FlowSnapshot ended = MakeFlow(2);
  ended.state = FlowState::kEnded;
  ended.end_reason = dataplane::EndReason::kRstServer;
  ended.end_time_ns = 1'699'999'996'000'000'000;
  dataplane_.PutFlow(ended);
  const std::map<mos::v1::FlowView, std::set<uint32_t>> expected = {
      {mos::v1::FLOW_VIEW_UNSPECIFIED, {1001}},
      {mos::v1::FLOW_VIEW_LIVE, {1001}},
      {mos::v1::FLOW_VIEW_ENDED, {1002}},
      {mos::v1::FLOW_VIEW_ALL, {1001, 1002}}};
  for (const auto& [view, ports] : expected) {
    mos::v1::ListFlowsRequest request;
    request.set_view(view);
    mos::v1::ListFlowsResponse response;
    ASSERT_TRUE(List(request, &response).ok());
    std::set<uint32_t> met;
    for (const auto& flow : response.flows()) {
      met.insert(flow.tuple().client().port());
      EXPECT_EQ(flow.has_end_time(), flow.tuple().client().port() == 1002);
    }
    EXPECT_EQ(met, ports) << view;
  }
}

TEST_F(ListFlowsTest, RefusesAViewThatDoesNotExist) {
  mos::v1::ListFlowsRequest request;
  request.set_view(static_cast<mos::v1::FlowView>(99));
  mos::v1::ListFlowsResponse response;
  const grpc::Status status = List(request, &response);
  EXPECT_GRPC_ERROR(status, INVALID_ARGUMENT, "INVALID_ARGUMENT", "EINVAL");
  EXPECT_EQ(ErrorDetails::Of(status).field, "view");
}

TEST_F(ListFlowsTest, FiltersInTheClockOfTheCapture) {
  dataplane_.PutFlow(MakeFlow(1));  // idle for 5 s
  for (const auto& [filter, flows] :
       std::map<std::string, int>{{"idle>4s", 1},
                                  {"idle>5s", 0},
                                  {"port 1001", 1},
                                  {"port 1002", 0}}) {
    mos::v1::ListFlowsRequest request;
    request.set_filter(filter);
    mos::v1::ListFlowsResponse response;
    ASSERT_TRUE(List(request, &response).ok());
    EXPECT_EQ(response.flows_size(), flows) << filter;
  }
}

TEST_F(ListFlowsTest, SaysWhereAFilterIsWrong) {
  mos::v1::ListFlowsRequest request;
  request.set_filter("tcp and host");
  mos::v1::ListFlowsResponse response;
  const grpc::Status status = List(request, &response);
  EXPECT_GRPC_ERROR(status, INVALID_ARGUMENT, "INVALID_FILTER", "EINVAL");
  EXPECT_EQ(ErrorDetails::Of(status).field, "filter");
  EXPECT_EQ(ErrorDetails::Of(status).description,
            "at 13: expected an address after 'host'");
}

TEST_F(ListFlowsTest, PagesHaveADefaultSizeAndALargestOne) {
  for (uint32_t i = 0; i < 10'050; ++i) dataplane_.PutFlow(MakeFlow(i));
  const BootIdentity boot("");
  const FlowLister lister(&dataplane_, &boot, absl::InfiniteDuration());
  for (const auto& [asked, given] : std::map<uint32_t, int>{
           {0, 1000}, {7, 7}, {10'000, 10'000}, {4'000'000'000, 10'000}}) {
    mos::v1::ListFlowsRequest request;
    request.set_page_size(asked);
    const mos::v1::ListFlowsResponse response = Page(lister, request);
    EXPECT_EQ(response.flows_size(), given);
    EXPECT_FALSE(response.next_page_token().empty());
  }
}

TEST_F(ListFlowsTest, PagesThatAreCutShortComeToTheEnd) {
  for (uint32_t i = 0; i < 2'000; ++i) dataplane_.PutFlow(MakeFlow(i));
  const BootIdentity boot("");
  const FlowLister lister(&dataplane_, &boot, absl::ZeroDuration());
  mos::v1::ListFlowsRequest request;
  int flows = 0;
  int pages = 0;
  do {
    const mos::v1::ListFlowsResponse response = Page(lister, request);
    flows += response.flows_size();
    request.set_page_token(response.next_page_token());
    ASSERT_LT(++pages, 2'000);
  } while (!request.page_token().empty());
  EXPECT_EQ(flows, 2'000);
  EXPECT_GT(pages, 2);
}

TEST_F(ListFlowsTest, TheLargestPageFitsAMessage) {
  FlowSnapshot flow = MakeFlow(0);
  flow.version = dataplane::IpVersion::kIpv6;
  flow.id.value = ~uint64_t{0};
  flow.state = FlowState::kEnded;
  flow.end_reason = dataplane::EndReason::kShutdown;
  flow.midstream = true;
  flow.start_time_ns = flow.end_time_ns = INT64_MAX;
  for (dataplane::SideSnapshot& side : flow.side) {
    side.endpoint.port = 65535;
    side.tcp_state = dataplane::TcpState::kTimeWait;
    side.has_last_frame = true;
    side.frames = side.wire_bytes = side.payload_bytes =
        side.retransmitted_frames = ~uint64_t{0};
    side.last_time_ns = INT64_MAX;
  }
  mos::v1::ListFlowsResponse response;
  FillFlow(flow, ~0u, response.add_flows());
  EXPECT_LT(response.ByteSizeLong() * FlowLister::kMaxPageSize, 3'700'000u);
}

TEST_F(ListFlowsTest, AMalformedRequestIsAnsweredAsByOtherMethods) {
  grpc::GenericStub stub(channel_);
  for (const char* method : {"ListFlows", "GetFlow"}) {
    grpc::ClientContext context;
    SetDeadline(&context);
    const grpc::Slice cut_short("\x0a\x05x");
    const grpc::ByteBuffer request(&cut_short, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> status;
    stub.UnaryCall(&context, std::string("/mos.v1.FlowService/") + method, {},
                   &request, &response, [&status](grpc::Status its) {
                     status.set_value(std::move(its));
                   });
    EXPECT_EQ(status.get_future().get().error_code(),
              grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
}

TEST_F(ListFlowsTest, EachFlowThatStaysIsMetExactlyOnce) {
  std::mt19937 random(7);
  std::uniform_int_distribution<uint32_t> uniform(0, 299);
  std::set<uint32_t> staying;
  for (uint32_t i = 0; i < 600; ++i) {
    dataplane_.PutFlow(MakeFlow(i, i % 3));
    if (i % 2 == 0) staying.insert(1000 + i);
  }
  mos::v1::ListFlowsRequest request;
  request.set_page_size(17);
  // Between the pages, odd flows come and go.
  const std::map<uint32_t, int> met = ReadAll(request, [&] {
    for (int i = 0; i < 20; ++i) {
      const uint32_t record = uniform(random) * 2 + 1;
      if (random() % 2 == 0) {
        dataplane_.RemoveFlow(MakeFlow(record, record % 3).id);
      } else {
        dataplane_.PutFlow(MakeFlow(record, record % 3));
      }
    }
  });
  for (const uint32_t port : staying) {
    ASSERT_TRUE(met.contains(port)) << port;
  }
  for (const auto& [port, times] : met) EXPECT_EQ(times, 1) << port;
}

TEST_F(ListFlowsTest, ATokenIsGoodForItsOwnListOnly) {
  for (uint32_t i = 0; i < 5; ++i) dataplane_.PutFlow(MakeFlow(i));
  mos::v1::ListFlowsRequest request;
  request.set_filter("port 80");
  request.set_view(mos::v1::FLOW_VIEW_ALL);
  const std::string token = TokenAfterOne(request);
  mos::v1::ListFlowsResponse response;

  request.set_page_token(token);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.flows_size(), 4);
  request.set_page_size(2);  // may change from page to page (AIP-158)
  ASSERT_TRUE(List(request, &response).ok());

  mos::v1::ListFlowsRequest other = request;
  other.set_filter("port 81");
  EXPECT_GRPC_ERROR(List(other, &response), INVALID_ARGUMENT,
                    "INVALID_PAGE_TOKEN", "EINVAL");
  other = request;
  other.set_view(mos::v1::FLOW_VIEW_LIVE);
  EXPECT_GRPC_ERROR(List(other, &response), INVALID_ARGUMENT,
                    "INVALID_PAGE_TOKEN", "EINVAL");

  server_->Shutdown(absl::ZeroDuration());
  StartServer();
  const grpc::Status status = List(request, &response);
  EXPECT_GRPC_ERROR(status, INVALID_ARGUMENT, "INVALID_PAGE_TOKEN", "EINVAL");
  EXPECT_EQ(ErrorDetails::Of(status).field, "page_token");
}

TEST_F(ListFlowsTest, AForgedTokenIsRefused) {
  for (uint32_t i = 0; i < 5; ++i) dataplane_.PutFlow(MakeFlow(i));
  const std::string token = TokenAfterOne({});
  std::vector<std::string> forged = {"A",
                                     token + "A",
                                     token + "=",
                                     token + "==",
                                     token.substr(1),
                                     " " + token,
                                     std::string(5000, 'A'),
                                     std::string(22, 'A'),
                                     "\xff\xfe"};
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', 'z', '_', '-', '+', '/', '\n'}) {
      std::string altered = token;
      altered[i] = c;
      if (altered != token) forged.push_back(altered);
    }
  }
  forged.erase(std::remove(forged.begin(), forged.end(), "\xff\xfe"),
               forged.end());  // protobuf refuses text that is not UTF-8
  for (const std::string& text : forged) {
    mos::v1::ListFlowsRequest request;
    request.set_page_token(text);
    mos::v1::ListFlowsResponse response;
    EXPECT_GRPC_ERROR(List(request, &response), INVALID_ARGUMENT,
                      "INVALID_PAGE_TOKEN", "EINVAL");
  }
}

// A scan that never finds anything and never ends.
class EndlessDataplane : public testing::FakeDataplane {
 public:
  bool ScanFlows(dataplane::ScanCursor* cursor, size_t, std::span<FlowSnapshot>,
                 size_t* found) const override {
    *found = 0;
    ++cursor->record;
    return true;
  }
};

TEST(FlowListerTest, APageTakesBoundedTime) {
  const EndlessDataplane dataplane;
  const BootIdentity boot("node");
  const FlowLister lister(&dataplane, &boot);
  const auto start = std::chrono::steady_clock::now();
  const mos::v1::ListFlowsResponse response = Page(lister, {});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(response.flows_size(), 0);
  EXPECT_FALSE(response.next_page_token().empty());
}

}  // namespace
}  // namespace mosd::controlplane
