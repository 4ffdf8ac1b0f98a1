// WatchFlows over a real channel: what is delivered, what is counted as
// missed, and that a slow, rude or excessive client harms nobody.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/controlplane/grpc/grpc_test_server.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowEventKind;
using dataplane::FlowSnapshot;
using mos::v1::WatchFlowsRequest;
using mos::v1::WatchFlowsResponse;

class WatchFlowsTest : public GrpcServerTest {
 protected:
  // A stream of a client that reads when it is told to.
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<WatchFlowsResponse>> reader;
    std::vector<mos::v1::FlowEvent> events;
    uint64_t missed = 0;

    bool ReadOne() {
      WatchFlowsResponse response;
      if (!reader->Read(&response)) return false;
      EXPECT_TRUE(response.events_size() > 0 || response.missed_events() > 0);
      EXPECT_LE(response.events_size(), 256);
      events.insert(events.end(), response.events().begin(),
                    response.events().end());
      missed += response.missed_events();
      return true;
    }
    // Until so many events are read or known to be missed.
    bool ReadUntil(uint64_t count) {
      while (events.size() + missed < count) {
        if (!ReadOne()) return false;
      }
      return true;
    }
    grpc::Status End() {
      context.TryCancel();
      while (ReadOne()) {
      }
      return reader->Finish();
    }
  };

  // Returns when the server has said that the watch is on.
  std::unique_ptr<Watch> Begin(const WatchFlowsRequest& request) {
    return Begin(request, flows_.get());
  }
  std::unique_ptr<Watch> Begin(const WatchFlowsRequest& request,
                               FlowStub* stub) {
    auto watch = std::make_unique<Watch>();
    SetDeadline(&watch->context);
    watch->reader = stub->WatchFlows(&watch->context, request);
    watch->reader->WaitForInitialMetadata();
    return watch;
  }

  void Push(uint32_t record, FlowEventKind kind = FlowEventKind::kStarted) {
    dataplane_.PushEvent(
        {MakeFlow(record).id, 1'699'999'995'000'000'007, kind});
  }

  void PutFlows(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) dataplane_.PutFlow(MakeFlow(i));
  }
};

TEST_F(WatchFlowsTest, DeliversEventsWithTheirFlows) {
  StartServer();
  PutFlows(3);
  EXPECT_FALSE(dataplane_.events_enabled());
  const auto watch = Begin({});
  EXPECT_TRUE(dataplane_.events_enabled());
  Push(0, FlowEventKind::kStarted);
  Push(1, FlowEventKind::kStateChanged);
  Push(2, FlowEventKind::kEnded);
  ASSERT_TRUE(watch->ReadUntil(3));
  EXPECT_EQ(watch->events[0].kind(), mos::v1::FLOW_EVENT_KIND_STARTED);
  EXPECT_EQ(watch->events[1].kind(), mos::v1::FLOW_EVENT_KIND_STATE_CHANGED);
  EXPECT_EQ(watch->events[2].kind(), mos::v1::FLOW_EVENT_KIND_ENDED);
  EXPECT_EQ(watch->events[2].flow().tuple().client().port(), 1002u);
  EXPECT_EQ(watch->events[2].time().nanos(), 7);
  EXPECT_EQ(watch->missed, 0u);
  EXPECT_EQ(watch->End().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return !dataplane_.events_enabled(); }));
  EXPECT_TRUE(Eventually(
      [&] { return stats_.in_flight(RpcMethod::kWatchFlows) == 0; }));
  EXPECT_EQ(stats_.handled(RpcMethod::kWatchFlows, 1), 1u);
}

TEST_F(WatchFlowsTest, BeginsWithTheLiveFlows) {
  StartServer();
  PutFlows(1000);
  FlowSnapshot ended = MakeFlow(5000);
  ended.state = dataplane::FlowState::kEnded;
  dataplane_.PutFlow(ended);
  WatchFlowsRequest request;
  request.set_include_existing(true);
  const auto watch = Begin(request);
  Push(7, FlowEventKind::kStateChanged);
  ASSERT_TRUE(watch->ReadUntil(1001));
  std::map<uint32_t, int> snapshots;
  for (size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(watch->events[i].kind(), mos::v1::FLOW_EVENT_KIND_SNAPSHOT);
    ++snapshots[watch->events[i].flow().tuple().client().port()];
  }
  EXPECT_EQ(snapshots.size(), 1000u);
  EXPECT_EQ(watch->events[1000].kind(), mos::v1::FLOW_EVENT_KIND_STATE_CHANGED);
}

// A table so large that scanning takes its time.
class SlowScanDataplane : public testing::FakeDataplane {
 public:
  bool ScanFlows(dataplane::ScanCursor* cursor, size_t max_records,
                 std::span<FlowSnapshot> flows, size_t* found) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return FakeDataplane::ScanFlows(cursor, std::min<size_t>(max_records, 10),
                                    flows, found);
  }
};

TEST_F(WatchFlowsTest, LiveEventsWaitForTheSnapshot) {
  SlowScanDataplane dataplane;
  for (uint32_t i = 0; i < 100; ++i) dataplane.PutFlow(MakeFlow(i));
  options_.listen = {"127.0.0.1:0"};
  auto server = GrpcServer::Start(options_, &dataplane, &stats_);
  ASSERT_TRUE(server.ok()) << server.status();
  const auto stub = mos::v1::FlowService::NewStub(grpc::CreateChannel(
      (*server)->addresses()[0], grpc::InsecureChannelCredentials()));
  WatchFlowsRequest request;
  request.set_include_existing(true);
  const auto watch = Begin(request, stub.get());
  dataplane.PushEvent({MakeFlow(1).id, 7, FlowEventKind::kStateChanged});
  ASSERT_TRUE(watch->ReadUntil(101));
  for (size_t i = 0; i < 100; ++i) {
    ASSERT_EQ(watch->events[i].kind(), mos::v1::FLOW_EVENT_KIND_SNAPSHOT) << i;
  }
  EXPECT_EQ(watch->events[100].kind(), mos::v1::FLOW_EVENT_KIND_STATE_CHANGED);
}

TEST_F(WatchFlowsTest, NoFlowFallsBetweenTheSnapshotAndTheEvents) {
  StartServer();
  std::atomic<bool> stop = false;
  std::atomic<uint32_t> started = 0;
  // Flows start all the time; each must be in the snapshot or in an event.
  std::thread starter([&] {
    while (!stop && started < 3000) {
      dataplane_.PutFlow(MakeFlow(started));
      Push(started);
      ++started;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  EXPECT_TRUE(Eventually([&] { return started > 50; }));
  WatchFlowsRequest request;
  request.set_include_existing(true);
  const auto watch = Begin(request);
  EXPECT_TRUE(Eventually([&] { return started > 500; }));
  stop = true;
  starter.join();
  dataplane_.PutFlow(MakeFlow(60000));
  Push(60000, FlowEventKind::kEnded);
  std::set<uint32_t> met;
  bool last = false;
  while (!last && watch->ReadOne()) {
    for (const auto& event : watch->events) {
      met.insert(event.flow().tuple().client().port());
      last = last || event.kind() == mos::v1::FLOW_EVENT_KIND_ENDED;
    }
    watch->events.clear();
  }
  EXPECT_TRUE(last);
  EXPECT_EQ(watch->missed, 0u);
  for (uint32_t i = 0; i < started; ++i) {
    ASSERT_TRUE(met.contains(1000 + i)) << i << " of " << started;
  }
}

TEST_F(WatchFlowsTest, JudgesEachEventByTheFilter) {
  StartServer();
  PutFlows(10);
  WatchFlowsRequest request;
  request.set_filter("src port 1003");
  request.set_include_existing(true);
  const auto watch = Begin(request);
  for (uint32_t i = 0; i < 10; ++i) Push(i);
  ASSERT_TRUE(watch->ReadUntil(2));
  for (const auto& event : watch->events) {
    EXPECT_EQ(event.flow().tuple().client().port(), 1003u);
  }
}

TEST_F(WatchFlowsTest, CountsWhatTheAppliancesRingsLost) {
  StartServer();
  PutFlows(1);
  const auto first = Begin({});
  const auto second = Begin({});
  dataplane_.LoseEvents(42);
  Push(0);
  Push(99);  // its flow is gone before the event is delivered
  for (const auto& watch : {first.get(), second.get()}) {
    ASSERT_TRUE(watch->ReadUntil(44));
    EXPECT_EQ(watch->events.size(), 1u);
    EXPECT_EQ(watch->missed, 43u);
  }
  EXPECT_EQ(stats_.events_missed(), 86u);
}

TEST_F(WatchFlowsTest, ReportsLossWithoutWaitingForAnEvent) {
  StartServer();
  const auto watch = Begin({});
  dataplane_.LoseEvents(5);
  ASSERT_TRUE(watch->ReadOne());
  EXPECT_EQ(watch->missed, 5u);
}

TEST_F(WatchFlowsTest, AClientThatDoesNotReadLosesItsOwnEventsOnly) {
  options_.watch_queue = 100;
  StartServer();
  PutFlows(200);
  // Without this, gRPC would take in megabytes for a client that reads nothing.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto stub = mos::v1::FlowService::NewStub(grpc::CreateCustomChannel(
      server_->addresses()[0], grpc::InsecureChannelCredentials(), arguments));
  const auto slow = Begin({}, stub.get());
  const auto quick = Begin({});
  constexpr uint64_t kEvents = 10'000;
  std::thread reader([&] { EXPECT_TRUE(quick->ReadUntil(kEvents)); });
  // Paced, so that the quick one has a chance to keep up.
  for (uint64_t i = 0; i < kEvents; ++i) {
    Push(static_cast<uint32_t>(i % 200));
    if (i % 20 == 19) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  reader.join();
  // The slow one reads at last: each event was delivered or counted.
  ASSERT_TRUE(slow->ReadUntil(kEvents));
  EXPECT_EQ(slow->events.size() + slow->missed, kEvents);
  EXPECT_GT(slow->missed, 0u);
  EXPECT_EQ(quick->events.size() + quick->missed, kEvents);
  EXPECT_LT(quick->missed, slow->missed);
  EXPECT_EQ(stats_.events_missed(), slow->missed + quick->missed);
}

TEST_F(WatchFlowsTest, RefusesABadFilter) {
  StartServer();
  WatchFlowsRequest request;
  request.set_filter("port x");
  const auto watch = Begin(request);
  EXPECT_FALSE(watch->ReadOne());
  const grpc::Status status = watch->reader->Finish();
  EXPECT_GRPC_ERROR(status, INVALID_ARGUMENT, "INVALID_FILTER", "EINVAL");
  EXPECT_EQ(ErrorDetails::Of(status).field, "filter");
  EXPECT_FALSE(dataplane_.events_enabled());
}

TEST_F(WatchFlowsTest, RefusesMoreWatchesThanAllowed) {
  options_.max_watches = 2;
  StartServer();
  const auto first = Begin({});
  const auto second = Begin({});
  const auto third = Begin({});
  EXPECT_FALSE(third->ReadOne());
  EXPECT_GRPC_ERROR(third->reader->Finish(), RESOURCE_EXHAUSTED,
                    "TOO_MANY_WATCHES", "");
  first->End();
  EXPECT_TRUE(Eventually(
      [&] { return stats_.in_flight(RpcMethod::kWatchFlows) == 1; }));
  PutFlows(1);
  const auto fourth = Begin({});
  Push(0);
  EXPECT_TRUE(fourth->ReadUntil(1));
}

TEST_F(WatchFlowsTest, ANewWatchGetsNothingOfTheTimeBeforeIt) {
  StartServer();
  PutFlows(2);
  const auto first = Begin({});
  first->End();
  EXPECT_TRUE(Eventually([&] { return !dataplane_.events_enabled(); }));
  Push(0);
  dataplane_.LoseEvents(3);
  const auto second = Begin({});
  Push(1);
  ASSERT_TRUE(second->ReadUntil(1));
  EXPECT_EQ(second->events[0].flow().tuple().client().port(), 1001u);
  EXPECT_EQ(second->missed, 0u);
}

TEST_F(WatchFlowsTest, EndsWhenTheServerShutsDown) {
  StartServer();
  PutFlows(1);
  const auto watch = Begin({});
  std::thread shutdown([&] { server_->Shutdown(absl::Seconds(10)); });
  EXPECT_FALSE(watch->ReadOne());
  EXPECT_GRPC_ERROR(watch->reader->Finish(), UNAVAILABLE, "DRAINING", "EACCES");
  shutdown.join();
  EXPECT_FALSE(dataplane_.events_enabled());
}

TEST_F(WatchFlowsTest, ShutdownDoesNotWaitForAClientThatDoesNotRead) {
  StartServer();
  PutFlows(500);
  const auto watch = Begin({});
  std::atomic<bool> stop = false;
  std::thread pusher([&] {
    while (!stop) {
      for (uint32_t i = 0; i < 500; ++i) Push(i);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto start = std::chrono::steady_clock::now();
  server_->Shutdown(absl::Milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  stop = true;
  pusher.join();
}

// Watches that begin, are read a little and break off, many at a time, while
// events flow and others shut down: for the sanitizers.
TEST_F(WatchFlowsTest, StreamsComeAndGo) {
  options_.max_watches = 16;
  StartServer();
  PutFlows(300);
  std::atomic<bool> stop = false;
  std::thread pusher([&] {
    while (!stop) {
      for (uint32_t i = 0; i < 300; ++i) Push(i);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&, client] {
      for (int round = 0; round < 40; ++round) {
        WatchFlowsRequest request;
        request.set_include_existing(round % 2 == 0);
        const auto watch = Begin(request);
        if (round % 3 != 0) watch->ReadUntil(static_cast<uint64_t>(round) * 7);
        if (client % 2 == 0) watch->End();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  stop = true;
  pusher.join();
  EXPECT_TRUE(Eventually(
      [&] { return stats_.in_flight(RpcMethod::kWatchFlows) == 0; }));
  server_.reset();
}

}  // namespace
}  // namespace mosd::controlplane
