// What a first segment starts, who sent it, and the state of the whole.
#include <gtest/gtest.h>

#include "dataplane/packet/parser.h"
#include "dataplane/tcp/tcp_tracker.h"
#include "tests/support/tcp_script.h"

namespace mosd::dataplane {
namespace {

using testing::C;
using testing::MakeSegment;
using testing::S;
using testing::TcpStep;

TcpSegment Flags(std::string_view flags) {
  return MakeSegment({C, flags, 1000, 5000, 0, ""});
}

TEST(TcpOpening, EveryCombinationOfFlags) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    TcpSegment segment{};
    segment.flags = static_cast<uint8_t>(flags);
    const bool syn = flags & kTcpSyn;
    TcpOpening expected = TcpOpening::kNone;
    if (!(flags & kTcpRst) && !(syn && (flags & kTcpFin))) {
      if (flags & kTcpAck) {
        expected = TcpOpening::kMidstream;
      } else if (syn) {
        expected = TcpOpening::kHandshake;
      }
    }
    EXPECT_EQ(TcpClassifyOpening(segment), expected) << flags;
  }
}

TEST(TcpOpening, NonsenseStartsNothing) {
  for (const char* flags : {"", "F", "FPU", "SF", "SR", "SFA", "R", "RA"}) {
    EXPECT_EQ(TcpClassifyOpening(Flags(flags)), TcpOpening::kNone) << flags;
  }
}

TEST(TcpOpening, SenderOfAMidstreamSegment) {
  struct Case {
    const char* flags;
    uint16_t source;
    uint16_t destination;
    Side sender;
  };
  constexpr Case kCases[] = {
      {"SA", 50000, 80, S},    {"SA", 80, 50000, S},    {"S", 80, 50000, C},
      {"A", 50000, 80, C},     {"A", 80, 50000, S},     {"A", 1023, 1024, S},
      {"A", 22, 443, S},       {"A", 443, 22, C},       {"A", 80, 80, C},
      {"A", 8080, 32768, S},   {"A", 32768, 8080, C},   {"A", 8080, 32767, C},
      {"A", 32767, 8080, C},   {"A", 40000, 50000, C},  {"A", 50000, 40000, C},
      {"FA", 32767, 32768, S}, {"PA", 32768, 32767, C}, {"A", 0, 65535, S},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(TcpInferSender(Flags(c.flags), c.source, c.destination), c.sender)
        << c.flags << " " << c.source << " " << c.destination;
  }
}

TEST(TcpOpening, NothingIsLeftInListen) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    for (const Side sender : {C, S}) {
      TcpSegment segment{};
      segment.flags = static_cast<uint8_t>(flags);
      TcpConnection connection{};
      TcpOpen(&connection, sender, segment);
      EXPECT_NE(connection.end[0].state, TcpState::kListen) << flags;
      EXPECT_NE(connection.end[1].state, TcpState::kListen) << flags;
    }
  }
}

TEST(TcpFlowState, FollowsTheLifeOfAConnection) {
  struct Case {
    TcpStep step;
    FlowState state;
  };
  const Case kCases[] = {
      {{C, "S", 1000, 0, 0, ""}, FlowState::kHalfOpen},
      {{S, "SA", 5000, 1001, 0, ""}, FlowState::kHalfOpen},
      {{C, "A", 1001, 5001, 0, ""}, FlowState::kEstablished},
      {{C, "FA", 1001, 5001, 0, ""}, FlowState::kClosing},
      {{S, "FA", 5001, 1002, 0, ""}, FlowState::kClosing},
      {{C, "A", 1002, 5002, 0, ""}, FlowState::kTimeWait},
  };
  TcpConnection connection{};
  bool open = false;
  for (const Case& c : kCases) {
    const TcpSegment segment = MakeSegment(c.step);
    open ? TcpApply(&connection, c.step.sender, segment)
         : TcpOpen(&connection, c.step.sender, segment);
    open = true;
    EXPECT_EQ(TcpFlowState(connection), c.state) << c.step.flags;
  }
}

TEST(TcpFlowState, AResetEnds) {
  TcpConnection connection{};
  TcpOpen(&connection, C, MakeSegment({C, "S", 1000, 0, 0, ""}));
  TcpApply(&connection, S, MakeSegment({S, "RA", 0, 1001, 0, ""}));
  EXPECT_EQ(TcpFlowState(connection), FlowState::kEnded);
}

TEST(TcpStartsAnew, OnlyASynWithAnotherNumber) {
  TcpConnection connection{};
  TcpOpen(&connection, C, MakeSegment({C, "S", 1000, 0, 0, ""}));
  const auto starts = [&](Side sender, std::string_view flags, uint32_t seq) {
    return TcpStartsAnew(connection, sender,
                         MakeSegment({sender, flags, seq, 0, 0, ""}));
  };
  EXPECT_FALSE(starts(C, "S", 1000));
  EXPECT_TRUE(starts(C, "S", 1001));
  EXPECT_FALSE(starts(C, "A", 2000));
  EXPECT_FALSE(starts(C, "SF", 2000));
  EXPECT_FALSE(starts(C, "SR", 2000));
  EXPECT_FALSE(starts(S, "S", 5000)) << "simultaneous open";
}

TEST(TcpStreamOffset, PassesFourGigabytes) {
  constexpr uint32_t kPiece = 60000;
  constexpr uint64_t kBytes = uint64_t{9} << 30;
  TcpConnection connection{};
  TcpOpen(&connection, C, MakeSegment({C, "S", 1000, 0, 0, ""}));
  TcpApply(&connection, S, MakeSegment({S, "SA", 5000, 1001, 0, ""}));
  uint64_t sent = 0;
  while (sent < kBytes) {
    const auto seq = static_cast<uint32_t>(1001 + sent);
    TcpStep data{C, "PA", seq, 5001, kPiece, ""};
    TcpUpdate update = TcpApply(&connection, C, MakeSegment(data));
    ASSERT_EQ(update.offset, sent);
    ASSERT_FALSE(update.retransmission);
    update = TcpApply(&connection, C, MakeSegment(data));
    ASSERT_EQ(update.offset, sent);
    ASSERT_TRUE(update.retransmission);
    ASSERT_EQ(TcpStreamOffset(connection, C, MakeSegment(data)), sent);
    sent += kPiece;
    TcpApply(&connection, S,
             MakeSegment({S, "A", 5001, seq + kPiece, 0, "", "", 0, 65535}));
  }
}

// The sender may be a receiver of nothing we see: 9 GiB with no answer.
TEST(TcpStreamOffset, PassesFourGigabytesSeenFromOneSide) {
  constexpr uint32_t kPiece = 60000;
  constexpr uint64_t kBytes = uint64_t{9} << 30;
  TcpConnection connection{};
  TcpOpen(&connection, C, MakeSegment({C, "S", 1000, 0, 0, ""}));
  for (uint64_t sent = 0; sent < kBytes; sent += kPiece) {
    const auto seq = static_cast<uint32_t>(1001 + sent);
    const TcpUpdate update =
        TcpApply(&connection, C, MakeSegment({C, "A", seq, 5001, kPiece, ""}));
    ASSERT_EQ(update.offset, sent);
    ASSERT_TRUE(update.in_window);
  }
}

}  // namespace
}  // namespace mosd::dataplane
