// What holds for every sequence of segments, tried on two million random ones:
// nothing that a sender can do breaks a connection's bookkeeping.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "dataplane/tcp/tcp_end.h"
#include "dataplane/tcp/tcp_general.h"
#include "dataplane/tcp/tcp_sequence.h"
#include "dataplane/tcp/tcp_tracker.h"
#include "tests/support/tcp_chaos.h"

namespace mosd::dataplane {
namespace {

using testing::TcpChaos;

constexpr int kConnections = 40000;
constexpr int kSegments = 50;

bool Same(const TcpConnection& a, const TcpConnection& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

bool Same(const TcpUpdate& a, const TcpUpdate& b) {
  return a.offset == b.offset && a.outcome == b.outcome && a.by == b.by &&
         a.state_changed == b.state_changed &&
         a.retransmission == b.retransmission && a.in_window == b.in_window &&
         a.renumbered == b.renumbered;
}

// But for the count of strays, which is there to count what has no effect.
TcpConnection WithoutStrays(TcpConnection connection) {
  for (TcpEnd& end : connection.end) end.strays = 0;
  return connection;
}

bool StatesDiffer(const TcpConnection& a, const TcpConnection& b) {
  return a.end[0].state != b.end[0].state || a.end[1].state != b.end[1].state;
}

void CheckEnd(const TcpEnd& end) {
  ASSERT_LE(end.state, TcpState::kTimeWait);
  ASSERT_LE(end.window_scale, kMaxWindowScale);
  ASSERT_TRUE(end.strays < kStraysToResync || end.strays == kStraySyn);
  if (!Has(end, kNumbered)) return;
  ASSERT_FALSE(SeqBefore(end.next_seq, end.in_order_seq));
  ASSERT_FALSE(SeqBefore(end.in_order_seq, end.acked_seq));
}

void CheckOver(const TcpConnection& connection, TcpOutcome outcome) {
  if (outcome == TcpOutcome::kOpen) return;
  for (const TcpEnd& end : connection.end) {
    const bool waits = end.state == TcpState::kTimeWait;
    ASSERT_TRUE(end.state == TcpState::kClosed ||
                (waits && outcome == TcpOutcome::kClosed));
  }
}

// `before` and `after` one segment of `sender`.
void CheckStep(const TcpConnection& before, const TcpConnection& after,
               Side sender, const TcpUpdate& update) {
  for (const TcpEnd& end : after.end) {
    ASSERT_NO_FATAL_FAILURE(CheckEnd(end));
    ASSERT_NE(end.state, TcpState::kListen);
  }
  ASSERT_NO_FATAL_FAILURE(CheckOver(after, update.outcome));
  ASSERT_EQ(update.state_changed, StatesDiffer(before, after));
  if (!update.in_window) {
    ASSERT_TRUE(Same(WithoutStrays(before), WithoutStrays(after)));
  }
  if (Outcome(before.end[0], before.end[1]) != TcpOutcome::kOpen) {
    ASSERT_TRUE(Same(before, after));
    return;
  }
  // Only losing the thread, or learning where the stream begins, moves back.
  const TcpEnd& from = before.end[Index(sender)];
  const bool resynced = from.strays == kStraysToResync - 1;
  const bool learned = from.state == TcpState::kSynRcvd || !Has(from, kSpoke);
  if (resynced || learned) return;
  for (size_t side = 0; side < kSides; ++side) {
    ASSERT_GE(after.end[side].next_offset, before.end[side].next_offset);
  }
}

// What the random segments led to: a test that reaches nothing proves nothing.
struct Reached {
  uint64_t states[kTcpStates] = {};
  uint64_t outcomes[3] = {};
  uint64_t resyncs = 0;
  uint64_t in_window = 0;
  uint64_t retransmissions = 0;

  void Add(const TcpConnection& before, const TcpConnection& after, Side sender,
           const TcpUpdate& update) {
    for (const TcpEnd& end : after.end)
      ++states[static_cast<size_t>(end.state)];
    ++outcomes[static_cast<size_t>(update.outcome)];
    const TcpEnd& from = before.end[Index(sender)];
    resyncs += update.in_window && from.strays == kStraysToResync - 1;
    in_window += update.in_window;
    retransmissions += update.retransmission;
  }
};

void CheckReached(const Reached& reached) {
  constexpr uint64_t kOften = 100;
  for (size_t state = 0; state < kTcpStates; ++state) {
    if (state == static_cast<size_t>(TcpState::kListen)) continue;
    EXPECT_GT(reached.states[state], kOften) << "state " << state;
  }
  for (const uint64_t outcome : reached.outcomes) EXPECT_GT(outcome, kOften);
  EXPECT_GT(reached.resyncs, kOften);
  EXPECT_GT(reached.in_window, kOften);
  EXPECT_GT(reached.retransmissions, kOften);
}

TEST(TcpProperty, AnySegmentsKeepTheInvariants) {
  TcpChaos chaos(1);
  Reached reached;
  for (int i = 0; i < kConnections; ++i) {
    TcpConnection connection{};
    const Side first = chaos.NextSide();
    TcpSegment opening = chaos.NextSegment(connection, first);
    while (TcpClassifyOpening(opening) == TcpOpening::kNone) {
      opening = chaos.NextSegment(connection, first);
    }
    TcpOpen(&connection, first, opening);
    for (int j = 0; j < kSegments; ++j) {
      const Side sender = chaos.NextSide();
      const TcpSegment segment = chaos.NextSegment(connection, sender);
      const TcpConnection before = connection;
      const TcpUpdate update = TcpApply(&connection, sender, segment);
      ASSERT_NO_FATAL_FAILURE(CheckStep(before, connection, sender, update))
          << "connection " << i << " segment " << j;
      reached.Add(before, connection, sender, update);
    }
  }
  CheckReached(reached);
}

// The hot path is nothing but the general one, made short.
TEST(TcpProperty, TheHotPathDoesWhatTheGeneralOneDoes) {
  TcpChaos chaos(2);
  TcpConnection connection{};
  for (int i = 0; i < kConnections * kSegments; ++i) {
    const Side sender = chaos.NextSide();
    const TcpSegment segment = chaos.NextSegment(connection, sender);
    if (TcpFlowState(connection) == FlowState::kEnded ||
        TcpStartsAnew(connection, sender, segment) || i % kSegments == 0) {
      TcpOpen(&connection, sender, segment);
      continue;
    }
    TcpConnection other = connection;
    const TcpUpdate hot = TcpApply(&connection, sender, segment);
    const TcpUpdate general = ApplyGeneral(&other, sender, segment);
    ASSERT_TRUE(Same(hot, general)) << i;
    ASSERT_TRUE(Same(connection, other)) << i;
  }
}

TcpSegment Shifted(TcpSegment segment, uint32_t own, uint32_t other) {
  segment.seq += own;
  segment.ack += other;
  return segment;
}

void CheckShifted(const TcpEnd& a, const TcpEnd& b, uint32_t shift) {
  ASSERT_EQ(a.state, b.state);
  ASSERT_EQ(a.bits, b.bits);
  ASSERT_EQ(a.window_scale, b.window_scale);
  ASSERT_EQ(uint64_t{a.next_offset}, uint64_t{b.next_offset});
  if (!Has(a, kNumbered)) return;
  ASSERT_EQ(a.next_seq + shift, b.next_seq);
  ASSERT_EQ(a.acked_seq + shift, b.acked_seq);
  ASSERT_EQ(a.in_order_seq + shift, b.in_order_seq);
  ASSERT_EQ(a.InitialSeq() + shift, b.InitialSeq());
}

TEST(TcpProperty, OnlyDistancesBetweenNumbersMatter) {
  TcpChaos chaos(3);
  for (int i = 0; i < kConnections; ++i) {
    const uint32_t shift[kSides] = {chaos.Below(0xffffffff),
                                    chaos.Below(0xffffffff)};
    TcpConnection connection{};
    TcpConnection moved{};
    for (int j = 0; j < kSegments; ++j) {
      const Side side = chaos.NextSide();
      const TcpSegment segment = chaos.NextSegment(connection, side);
      const TcpSegment twin =
          Shifted(segment, shift[Index(side)], shift[Index(Other(side))]);
      const bool open = TcpFlowState(connection) != FlowState::kEnded && j > 0;
      const TcpUpdate a = open ? TcpApply(&connection, side, segment)
                               : TcpOpen(&connection, side, segment);
      const TcpUpdate b =
          open ? TcpApply(&moved, side, twin) : TcpOpen(&moved, side, twin);
      ASSERT_TRUE(Same(a, b)) << "connection " << i << " segment " << j;
      for (size_t end = 0; end < kSides; ++end) {
        ASSERT_NO_FATAL_FAILURE(
            CheckShifted(connection.end[end], moved.end[end], shift[end]))
            << "connection " << i << " segment " << j;
      }
    }
  }
}

}  // namespace
}  // namespace mosd::dataplane
