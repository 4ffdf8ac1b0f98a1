// A segment that is tracked on the short way, by the record that was fetched
// for it before its burst, means what it means on the long one.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/flow/flow_event_ring.h"
#include "dataplane/flow/flow_hash.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/worker/flow_tracker.h"
#include "tests/support/short_way.h"
#include "tests/support/tcp_chaos.h"

namespace mosd::dataplane {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint32_t kConnections = 6;  // more than there are places for flows
constexpr uint32_t kMostInABurst = 8;

// A table and its tracker.
class Tracking {
 public:
  explicit Tracking(const FlowHash* hash) {
    auto pool = FramePool::Create(1 << 20);
    EXPECT_TRUE(pool.ok());
    pool_ = std::make_unique<FramePool>(*std::move(pool));
    writer_ = std::make_unique<FrameWriter>(pool_.get());
    FlowTableOptions options;
    options.max_flows = 4;
    options.max_ended_flows = 2;
    options.ended_retention_ns = 100 * kSecond;
    options.timeouts.established_ns = 20 * kSecond;
    auto table = FlowTable::Create(options, hash, writer_.get(), &events_);
    EXPECT_TRUE(table.ok());
    table_ = *std::move(table);
    tracker_ = std::make_unique<FlowTracker>(table_.get(), true, false);
  }

  FlowTable& table() { return *table_; }

  // `likely`: for the short way, or null.
  DropReason Track(uint64_t hash, FlowRecord* likely, const ParsedFrame& frame,
                   int64_t now_ns, TrackedFrame* tracked) {
    const DropReason reason =
        likely != nullptr
            ? testing::TrackShortIfItCan(tracker_.get(), likely, hash, frame,
                                         60, now_ns, tracked)
            : tracker_->Track(hash, frame, 60, now_ns, tracked);
    if (reason == DropReason::kNone) tracker_->Conclude(*tracked, now_ns);
    return reason;
  }

 private:
  FlowEventRing events_;
  std::unique_ptr<FramePool> pool_;
  std::unique_ptr<FrameWriter> writer_;
  std::unique_ptr<FlowTable> table_;
  std::unique_ptr<FlowTracker> tracker_;
};

void ExpectSame(const TrackedFrame& a, const TrackedFrame& b) {
  EXPECT_EQ(a.sender, b.sender);
  EXPECT_EQ(a.retransmission, b.retransmission);
  EXPECT_EQ(a.repetition, b.repetition);
  EXPECT_EQ(a.in_window, b.in_window);
  EXPECT_EQ(a.renumbered, b.renumbered);
  EXPECT_EQ(a.started, b.started);
  EXPECT_EQ(a.late, b.late);
  EXPECT_EQ(a.end, b.end);
  EXPECT_EQ(a.state_before[0], b.state_before[0]);
  EXPECT_EQ(a.state_before[1], b.state_before[1]);
  EXPECT_EQ(a.stream_offset, b.stream_offset);
}

void ExpectSame(const FlowSnapshot& a, const FlowSnapshot& b) {
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.end_reason, b.end_reason);
  EXPECT_EQ(a.last_speaker, b.last_speaker);
  for (size_t i = 0; i < kSides; ++i) {
    EXPECT_EQ(a.side[i].tcp_state, b.side[i].tcp_state);
    EXPECT_EQ(a.side[i].frames, b.side[i].frames);
    EXPECT_EQ(a.side[i].wire_bytes, b.side[i].wire_bytes);
    EXPECT_EQ(a.side[i].payload_bytes, b.side[i].payload_bytes);
    EXPECT_EQ(a.side[i].retransmitted_frames, b.side[i].retransmitted_frames);
    EXPECT_EQ(a.side[i].last_time_ns, b.side[i].last_time_ns);
  }
}

class FlowTrackerWaysTest : public ::testing::Test {
 protected:
  // Nearly right for the connection as it now is.
  ParsedFrame NextFrame() {
    Endpoint client{{10, 0, 0, 1}, 40000};
    const Endpoint server{{10, 0, 0, 2}, 80};
    client.port =
        static_cast<uint16_t>(client.port + chaos_.Below(kConnections));
    const Side sender = chaos_.NextSide();
    ParsedFrame frame{};
    size_t source = 0;
    frame.key = sender == Side::kClient
                    ? MakeFlowKey(IpVersion::kIpv4, client, server, &source)
                    : MakeFlowKey(IpVersion::kIpv4, server, client, &source);
    frame.source_index = static_cast<uint8_t>(source);
    const FlowRecord* const flow =
        long_.table().Find(hash_(frame.key), frame.key);
    const TcpSegment segment = chaos_.NextSegment(
        flow != nullptr ? flow->tcp : TcpConnection{}, sender);
    frame.tcp_flags = segment.flags;
    // Some must open, and few may close, or there is nothing to go on with.
    if (flow == nullptr || flow->Status().state() == FlowState::kEnded) {
      frame.tcp_flags = sender == Side::kClient ? kTcpSyn : kTcpSyn | kTcpAck;
    } else if (chaos_.Below(8) != 0) {
      frame.tcp_flags = kTcpAck;
    }
    frame.seq = segment.seq;
    frame.ack = segment.ack;
    frame.payload_length = segment.payload_length;
    frame.window = segment.window;
    frame.window_scale = segment.window_scale;
    return frame;
  }

  void Burst() {
    struct Job {
      ParsedFrame frame;
      FlowRecord* likely;
    };
    std::vector<Job> jobs(1 + chaos_.Below(kMostInABurst));
    for (Job& job : jobs) {
      job.frame = NextFrame();
      const uint64_t hash = hash_(job.frame.key);
      job.likely = short_.table().PrefetchRecord(
          short_.table().PrefetchBuckets(hash), hash);
      // As when two keys have the same tag.
      if (chaos_.Below(20) == 0) job.likely = jobs.front().likely;
    }
    for (const Job& job : jobs) {
      now_ns_ += chaos_.Below(50) == 0 ? 21 * kSecond : kSecond / 100;
      const uint64_t hash = hash_(job.frame.key);
      TrackedFrame by_short{};
      TrackedFrame by_long{};
      const DropReason reason =
          short_.Track(hash, job.likely, job.frame, now_ns_, &by_short);
      ASSERT_EQ(reason,
                long_.Track(hash, nullptr, job.frame, now_ns_, &by_long));
      if (reason != DropReason::kNone) continue;
      ExpectSame(by_short, by_long);
      ASSERT_EQ(short_.table().IdOf(*by_short.flow).value,
                long_.table().IdOf(*by_long.flow).value);
      expected_ += job.likely == by_short.flow && !by_short.late ? 1 : 0;
    }
    for (Tracking* tracking : {&short_, &long_}) {
      tracking->table().Advance(now_ns_);
      tracking->table().EndBurst(now_ns_);
    }
  }

  void CompareTables() {
    ASSERT_EQ(short_.table().record_count(), long_.table().record_count());
    for (uint32_t i = 0; i < short_.table().record_count(); ++i) {
      FlowSnapshot by_short{};
      FlowSnapshot by_long{};
      const bool there = short_.table().ReadAt(i, &by_short);
      ASSERT_EQ(there, long_.table().ReadAt(i, &by_long));
      if (there) ExpectSame(by_short, by_long);
    }
  }

  testing::TcpChaos chaos_{5};
  FlowHash hash_;
  Tracking short_{&hash_};
  Tracking long_{&hash_};
  int64_t now_ns_ = 1'700'000'000 * kSecond;
  uint64_t expected_ = 0;
};

TEST_F(FlowTrackerWaysTest, MeanTheSame) {
  for (int i = 0; i < 100'000; ++i) {
    Burst();
    if (i % 100 == 0) CompareTables();
    if (HasFailure()) return;
  }
  EXPECT_GT(expected_, 100'000u) << "the short way was not tried";
}

}  // namespace
}  // namespace mosd::dataplane
