// What segments do to flows: the table and the TCP tracker behind the tracker
// are the real ones.
#include "dataplane/worker/flow_tracker.h"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <utility>

#include "dataplane/flow/flow_event_ring.h"
#include "dataplane/flow/flow_hash.h"
#include "dataplane/frame/frame_pool.h"
#include "tests/support/packet.h"
#include "tests/support/short_way.h"
#include "tests/support/tcp_script.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::Packet;
using ::mosd::testing::ParseTcpFlags;

constexpr int64_t kSecond = 1'000'000'000;
constexpr std::string_view kClient = "10.0.0.1";
constexpr std::string_view kServer = "10.0.0.2";

class FlowTrackerTest : public ::testing::Test {
 protected:
  FlowTrackerTest() { Restart({}); }

  struct Settings {
    bool midstream_pickup = true;
    int64_t time_wait_ns = 0;
    uint32_t max_flows = 8;
  };

  void Restart(const Settings& settings) {
    auto pool = FramePool::Create(1 << 20);
    ASSERT_TRUE(pool.ok());
    pool_ = std::make_unique<FramePool>(*std::move(pool));
    writer_ = std::make_unique<FrameWriter>(pool_.get());
    FlowTableOptions options;
    options.max_flows = settings.max_flows;
    options.max_ended_flows = 8;
    options.ended_retention_ns = 3600 * kSecond;
    options.timeouts.time_wait_ns = settings.time_wait_ns;
    auto table = FlowTable::Create(options, &hash_, writer_.get(), &events_);
    ASSERT_TRUE(table.ok());
    table_ = *std::move(table);
    tracker_ = std::make_unique<FlowTracker>(
        table_.get(), settings.midstream_pickup, settings.time_wait_ns > 0);
  }

  // One segment at now_; by the client if its port is the source.
  DropReason Send(uint16_t source_port, uint16_t destination_port,
                  std::string_view flags, uint32_t seq, uint32_t ack,
                  std::string_view payload = "") {
    const bool from_client = source_port > destination_port;
    const auto bytes = Packet()
                           .Ipv4(from_client ? kClient : kServer,
                                 from_client ? kServer : kClient)
                           .Tcp(source_port, destination_port)
                           .Flags(ParseTcpFlags(flags))
                           .Seq(seq)
                           .Ack(ack)
                           .Payload(payload)
                           .Build();
    const auto length = static_cast<uint32_t>(bytes.size());
    EXPECT_EQ(ParseFrame(bytes, {length, length}, &parsed_), DropReason::kNone);
    const uint64_t hash = hash_(parsed_.key);
    FlowRecord* const likely =
        mistaken_ != nullptr
            ? mistaken_
            : table_->PrefetchRecord(table_->PrefetchBuckets(hash), hash);
    const DropReason reason = testing::TrackShortIfItCan(
        tracker_.get(), likely, hash, parsed_, length, now_, &tracked_);
    // As after every burst, so that records are really given back.
    if (reason == DropReason::kNone) {
      tracker_->Conclude(tracked_, now_);
      last_ = table_->IdOf(*tracked_.flow);
    }
    table_->EndBurst(now_);
    return reason;
  }
  DropReason ByClient(std::string_view flags, uint32_t seq, uint32_t ack,
                      std::string_view payload = "") {
    return Send(40000, 80, flags, seq, ack, payload);
  }
  DropReason ByServer(std::string_view flags, uint32_t seq, uint32_t ack,
                      std::string_view payload = "") {
    return Send(80, 40000, flags, seq, ack, payload);
  }

  void Handshake() {
    ASSERT_EQ(ByClient("S", 100, 0), DropReason::kNone);
    ASSERT_EQ(ByServer("SA", 500, 101), DropReason::kNone);
    ASSERT_EQ(ByClient("A", 101, 501), DropReason::kNone);
  }

  void CloseByServer() {
    ASSERT_EQ(ByServer("FA", 501, 101), DropReason::kNone);
    ASSERT_EQ(ByClient("FA", 101, 502), DropReason::kNone);
    ASSERT_EQ(ByServer("A", 502, 102), DropReason::kNone);
  }

  // The flow of the segment accounted last.
  FlowSnapshot Flow() const { return Flow(last_); }
  FlowSnapshot Flow(FlowId id) const {
    FlowSnapshot snapshot{};
    EXPECT_TRUE(table_->Read(id, &snapshot));
    return snapshot;
  }
  uint64_t InState(FlowState state) const {
    return table_->counts().by_state[static_cast<size_t>(state)];
  }

  FlowHash hash_;
  FlowEventRing events_;
  std::unique_ptr<FramePool> pool_;
  std::unique_ptr<FrameWriter> writer_;
  std::unique_ptr<FlowTable> table_;
  std::unique_ptr<FlowTracker> tracker_;
  int64_t now_ = 1'700'000'000 * kSecond;
  ParsedFrame parsed_{};
  TrackedFrame tracked_{};
  FlowId last_;
  // Told to be likely, whatever is: as when two keys have the same tag.
  FlowRecord* mistaken_ = nullptr;
};

TEST_F(FlowTrackerTest, TheLikelyRecordIsTakenForNoOtherFlowsOwn) {
  Handshake();
  const FlowId first = last_;
  ASSERT_EQ(Send(40001, 80, "S", 100, 0), DropReason::kNone);
  ASSERT_EQ(Send(80, 40001, "SA", 500, 101), DropReason::kNone);
  ASSERT_EQ(Send(40001, 80, "A", 101, 501), DropReason::kNone);
  mistaken_ = tracked_.flow;
  ASSERT_EQ(ByClient("PA", 101, 501, "mine"), DropReason::kNone);
  EXPECT_EQ(last_, first);
  EXPECT_EQ(Flow(first).side[0].payload_bytes, 4);
}

TEST_F(FlowTrackerTest, FollowsAConnectionFromSynToBothFins) {
  const int64_t start = now_;
  Handshake();
  EXPECT_EQ(Flow().state, FlowState::kEstablished);
  EXPECT_FALSE(Flow().midstream);
  EXPECT_EQ(Flow().side[0].endpoint.port, 40000);
  EXPECT_EQ(Flow().side[1].endpoint.port, 80);
  EXPECT_EQ(Flow().last_speaker, Side::kClient);

  now_ += kSecond;
  ASSERT_EQ(ByClient("PA", 101, 501, "hello"), DropReason::kNone);
  EXPECT_EQ(tracked_.stream_offset, 0u);
  EXPECT_FALSE(tracked_.retransmission);
  ASSERT_EQ(ByClient("PA", 101, 501, "hello"), DropReason::kNone);
  EXPECT_TRUE(tracked_.retransmission);
  ASSERT_EQ(ByServer("FA", 501, 106), DropReason::kNone);
  EXPECT_EQ(Flow().state, FlowState::kClosing);
  ASSERT_EQ(ByClient("FA", 106, 502), DropReason::kNone);
  EXPECT_EQ(InState(FlowState::kEnded), 0u);
  now_ += kSecond;
  ASSERT_EQ(ByServer("A", 502, 107), DropReason::kNone);

  const FlowSnapshot flow = Flow();
  EXPECT_EQ(flow.state, FlowState::kEnded);
  EXPECT_EQ(flow.end_reason, EndReason::kFinServer);
  EXPECT_EQ(flow.start_time_ns, start);
  EXPECT_EQ(flow.end_time_ns, now_);
  EXPECT_EQ(flow.side[0].frames, 5u);
  EXPECT_EQ(flow.side[0].payload_bytes, 10u);
  EXPECT_EQ(flow.side[0].retransmitted_frames, 1u);
  EXPECT_EQ(flow.side[0].wire_bytes, 5u * 54 + 10);
  EXPECT_EQ(flow.side[1].frames, 3u);
  EXPECT_EQ(flow.side[1].last_time_ns, now_);
  EXPECT_EQ(flow.last_speaker, Side::kServer);
  EXPECT_EQ(table_->counts().started, 1u);
  EXPECT_EQ(table_->counts().ended[static_cast<size_t>(EndReason::kFinServer)],
            1u);
}

TEST_F(FlowTrackerTest, IsClosingFromAFinThatComesBeforeItsTurn) {
  Handshake();
  // What comes before it in the stream, "lost", was not seen yet.
  ASSERT_EQ(ByServer("FA", 505, 101), DropReason::kNone);
  EXPECT_EQ(Flow().state, FlowState::kClosing);
  EXPECT_EQ(InState(FlowState::kEstablished), 0u);
  ASSERT_EQ(ByServer("PA", 501, 101, "lost"), DropReason::kNone);
  EXPECT_EQ(Flow().state, FlowState::kClosing);
}

TEST_F(FlowTrackerTest, NamesWhoReset) {
  Handshake();
  ASSERT_EQ(ByClient("RA", 101, 501), DropReason::kNone);
  EXPECT_EQ(Flow().end_reason, EndReason::kRstClient);
  Restart({});
  Handshake();
  ASSERT_EQ(ByServer("R", 501, 0), DropReason::kNone);
  EXPECT_EQ(Flow().end_reason, EndReason::kRstServer);
}

TEST_F(FlowTrackerTest, GivesALateSegmentToTheFlowThatIsOver) {
  Handshake();
  const FlowId flow = last_;
  ASSERT_EQ(ByClient("RA", 101, 501), DropReason::kNone);
  const int64_t end = now_;
  now_ += kSecond;
  ASSERT_EQ(ByServer("PA", 501, 101, "late"), DropReason::kNone);
  EXPECT_EQ(last_, flow);
  EXPECT_EQ(tracked_.sender, Side::kServer);
  EXPECT_EQ(tracked_.stream_offset, 0u);
  EXPECT_EQ(Flow().state, FlowState::kEnded);
  EXPECT_EQ(Flow().end_reason, EndReason::kRstClient);
  EXPECT_EQ(Flow().end_time_ns, end);
  EXPECT_EQ(Flow().side[1].last_time_ns, now_);
  EXPECT_EQ(Flow().last_speaker, Side::kServer);
  EXPECT_EQ(InState(FlowState::kEnded), 1u);
}

TEST_F(FlowTrackerTest, BeginsAnewOnTheTupleOfAFlowThatIsOver) {
  Handshake();
  CloseByServer();
  const FlowId old = last_;
  ASSERT_EQ(Flow(old).state, FlowState::kEnded);
  ASSERT_EQ(ByClient("S", 9000, 0), DropReason::kNone);
  EXPECT_NE(last_, old);
  EXPECT_EQ(Flow().state, FlowState::kHalfOpen);
  EXPECT_EQ(Flow().side[0].frames, 1u);
  EXPECT_EQ(Flow(old).end_reason, EndReason::kFinServer);
  EXPECT_EQ(table_->FindId(hash_(parsed_.key), parsed_.key), last_);
}

TEST_F(FlowTrackerTest, EndsAFlowWhoseTupleIsUsedAgain) {
  ASSERT_EQ(ByClient("S", 100, 0), DropReason::kNone);
  const FlowId old = last_;
  ASSERT_EQ(ByClient("S", 100, 0), DropReason::kNone);
  EXPECT_EQ(last_, old) << "a repeated SYN is no new connection";
  ASSERT_EQ(ByClient("S", 77'000, 0), DropReason::kNone);
  EXPECT_NE(last_, old);
  EXPECT_EQ(Flow(old).end_reason, EndReason::kTupleReused);
  EXPECT_EQ(InState(FlowState::kHalfOpen), 1u);
}

TEST_F(FlowTrackerTest, PicksUpInMidstreamAndInfersTheSides) {
  ASSERT_EQ(ByServer("PA", 7000, 3000, "x"), DropReason::kNone);
  EXPECT_TRUE(Flow().midstream);
  EXPECT_EQ(tracked_.sender, Side::kServer);
  EXPECT_EQ(Flow().side[1].endpoint.port, 80);
  EXPECT_EQ(table_->counts().midstream, 1u);
  ASSERT_EQ(ByClient("A", 3000, 7001), DropReason::kNone);
  EXPECT_EQ(Flow().state, FlowState::kEstablished);
}

TEST_F(FlowTrackerTest, SeesAHandshakeWhoseSynWasOvertaken) {
  ASSERT_EQ(ByServer("SA", 500, 101), DropReason::kNone);
  EXPECT_TRUE(Flow().midstream);
  ASSERT_EQ(ByClient("S", 100, 0), DropReason::kNone);
  EXPECT_TRUE(tracked_.started);
  EXPECT_FALSE(Flow().midstream);
  ASSERT_EQ(ByClient("A", 101, 501), DropReason::kNone);
  EXPECT_FALSE(tracked_.started);
  EXPECT_EQ(Flow().state, FlowState::kEstablished);
  EXPECT_EQ(Flow().side[0].frames, 2u);
  EXPECT_EQ(Flow().side[1].frames, 1u);
}

TEST_F(FlowTrackerTest, ASynAfterTheClientsOtherSegmentsBeginsNothing) {
  ASSERT_EQ(ByServer("SA", 500, 101), DropReason::kNone);
  ASSERT_EQ(ByClient("A", 101, 501), DropReason::kNone);
  ASSERT_EQ(ByClient("S", 100, 0), DropReason::kNone);
  EXPECT_FALSE(tracked_.started);
  EXPECT_TRUE(Flow().midstream);
}

TEST_F(FlowTrackerTest, SeesTheHandshakeOfAPeerThatForgotTheLastOne) {
  for (const bool midstream_pickup : {true, false}) {
    Restart({.midstream_pickup = midstream_pickup});
    ASSERT_EQ(ByClient("S", 100, 0), DropReason::kNone);
    ASSERT_EQ(ByServer("SA", 500, 101), DropReason::kNone);
    ASSERT_EQ(ByClient("A", 101, 501), DropReason::kNone);
    ASSERT_EQ(ByClient("S", 70000, 0), DropReason::kNone);
    EXPECT_FALSE(tracked_.started) << "anybody may have sent it";
    ASSERT_EQ(ByServer("SA", 90000, 70001), DropReason::kNone);
    EXPECT_TRUE(tracked_.started);
    EXPECT_EQ(tracked_.state_before[0], TcpState::kSynSent);
    EXPECT_EQ(tracked_.state_before[1], TcpState::kSynRcvd);
    EXPECT_FALSE(Flow().midstream);
    EXPECT_EQ(table_->counts().started, 2u);
    EXPECT_EQ(table_->counts().midstream, 0u);
    ASSERT_EQ(ByClient("A", 70001, 90001), DropReason::kNone);
    EXPECT_EQ(Flow().state, FlowState::kEstablished);
  }
}

TEST_F(FlowTrackerTest, LeavesMidstreamAloneIfToldSo) {
  Restart({.midstream_pickup = false});
  EXPECT_EQ(ByServer("PA", 7000, 3000, "x"), DropReason::kTcpOrphan);
  EXPECT_EQ(ByServer("SA", 7000, 3000), DropReason::kTcpOrphan);
  EXPECT_EQ(ByClient("S", 100, 0), DropReason::kNone);
  EXPECT_EQ(table_->counts().started, 1u);
}

TEST_F(FlowTrackerTest, CallsWhatOpensNothingAnOrphan) {
  EXPECT_EQ(ByClient("R", 100, 0), DropReason::kTcpOrphan);
  EXPECT_EQ(ByClient("SF", 100, 0), DropReason::kTcpOrphan);
  EXPECT_EQ(ByClient("", 100, 0), DropReason::kTcpOrphan);
  EXPECT_EQ(table_->counts().started, 0u);
}

TEST_F(FlowTrackerTest, EndsAnIdleFlowBeforeItsNextSegment) {
  Handshake();
  const FlowId old = last_;
  const int64_t last_heard = now_;
  now_ += 1800 * kSecond;
  ASSERT_EQ(ByClient("PA", 101, 501, "hi"), DropReason::kNone);
  EXPECT_EQ(Flow(old).end_reason, EndReason::kIdleTimeout);
  EXPECT_EQ(Flow(old).end_time_ns, last_heard + 1800 * kSecond);
  EXPECT_NE(last_, old);
  EXPECT_TRUE(Flow().midstream);
}

TEST_F(FlowTrackerTest, KeepsAResetOfAnIdleFlowWithIt) {
  Handshake();
  const FlowId old = last_;
  now_ += 1800 * kSecond;
  ASSERT_EQ(ByServer("R", 501, 0), DropReason::kNone);
  EXPECT_EQ(last_, old);
  EXPECT_EQ(Flow().end_reason, EndReason::kIdleTimeout);
  EXPECT_EQ(Flow().last_speaker, Side::kServer);
}

TEST_F(FlowTrackerTest, KeepsAClosedFlowInTimeWaitIfToldSo) {
  Restart({.time_wait_ns = 60 * kSecond});
  Handshake();
  CloseByServer();
  EXPECT_EQ(Flow().state, FlowState::kTimeWait);
  EXPECT_EQ(Flow().end_reason, EndReason::kNone);
  // A FIN that comes again changes nothing but the last frame.
  now_ += kSecond;
  ASSERT_EQ(ByServer("FA", 501, 101), DropReason::kNone);
  EXPECT_EQ(Flow().state, FlowState::kTimeWait);
  table_->Advance(now_ + 59 * kSecond);
  EXPECT_EQ(Flow().state, FlowState::kTimeWait);
  table_->Advance(now_ + 61 * kSecond);
  EXPECT_EQ(Flow().state, FlowState::kEnded);
  EXPECT_EQ(Flow().end_reason, EndReason::kFinServer);
}

TEST_F(FlowTrackerTest, RefusesAFlowWhenTheTableIsFullOfLivelyOnes) {
  Restart({.max_flows = 1});
  Handshake();
  EXPECT_EQ(Send(40001, 80, "S", 1, 0), DropReason::kFlowTableFull);
  EXPECT_EQ(Flow().state, FlowState::kEstablished);
  // Unless one has been silent for a minute.
  now_ += 60 * kSecond;
  const FlowId old = last_;
  EXPECT_EQ(Send(40001, 80, "S", 1, 0), DropReason::kNone);
  EXPECT_EQ(Flow(old).end_reason, EndReason::kEvicted);
}

TEST_F(FlowTrackerTest, TellsWatchers) {
  events_.Enable(true);
  Handshake();
  CloseByServer();
  std::vector<FlowEvent> events;
  events_.Pop(100, &events);
  ASSERT_GE(events.size(), 3u);
  EXPECT_EQ(events.front().kind, FlowEventKind::kStarted);
  EXPECT_EQ(events.back().kind, FlowEventKind::kEnded);
  for (size_t i = 1; i + 1 < events.size(); ++i) {
    EXPECT_EQ(events[i].kind, FlowEventKind::kStateChanged);
  }
  for (const FlowEvent& event : events) EXPECT_EQ(event.id, last_);
}

}  // namespace
}  // namespace mosd::dataplane
