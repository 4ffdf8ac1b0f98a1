#include "dataplane/flow/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "dataplane/base/region.h"

namespace mosd::dataplane {
namespace {

constexpr int64_t kTick = int64_t{1} << TimerWheel::kTickShift;
constexpr int64_t kTurn = kTick * TimerWheel::kSlots;
constexpr int64_t kNow = 1'800'000'000'000'000'000;  // a time of our days
constexpr uint32_t kRecords = 500;

class TimerWheelTest : public ::testing::Test {
 protected:
  TimerWheelTest()
      : region_(*Region::Map(kRecords * sizeof(FlowColdRecord))),
        records_(reinterpret_cast<FlowColdRecord*>(region_.data())),
        wheel_(records_, 3) {}

  // Which records come due, with so large a budget.
  std::vector<uint32_t> Advance(int64_t now_ns, uint32_t budget = 1'000'000) {
    std::vector<uint32_t> due;
    wheel_.Advance(now_ns, &budget,
                   [&](uint32_t record) { due.push_back(record); });
    return due;
  }

  Region region_;
  FlowColdRecord* records_;
  TimerWheel wheel_;
};

using Records = std::vector<uint32_t>;

TEST_F(TimerWheelTest, ComesDueNotBeforeItsTimeAndHardlyLater) {
  Advance(kNow);
  for (const int64_t after : {int64_t{0}, int64_t{1}, kTick - 1, kTick,
                              5 * kTick + 7, kTurn - 2 * kTick}) {
    const int64_t start = kNow;
    TimerWheel wheel(records_, 0);
    uint32_t budget = 10;
    int due = 0;
    const auto count = [&](uint32_t) { ++due; };
    wheel.Advance(start, &budget, count);
    wheel.Add(1, start + after);
    wheel.Advance(start + after - 1, &budget, count);
    EXPECT_EQ(due, 0) << after;
    wheel.Advance(start + after + kTick, &budget, count);
    EXPECT_EQ(due, 1) << after;
  }
}

TEST_F(TimerWheelTest, FirstIsTheEarliestAndTheOldestOfATick) {
  EXPECT_EQ(wheel_.First(), kNoRecord);
  Advance(kNow);
  wheel_.Add(5, kNow + 100 * kTick);
  EXPECT_EQ(wheel_.First(), 5u);
  wheel_.Add(6, kNow + 99 * kTick);
  wheel_.Add(7, kNow + 99 * kTick);
  wheel_.Add(8, kNow + 99 * kTick);
  EXPECT_EQ(wheel_.First(), 6u);
  wheel_.Remove(7);
  wheel_.Remove(6);
  EXPECT_EQ(wheel_.First(), 8u);
  wheel_.Add(6, kNow + 99 * kTick);
  EXPECT_EQ(wheel_.First(), 8u);
  wheel_.Remove(8);
  wheel_.Remove(6);
  EXPECT_EQ(wheel_.First(), 5u);
  wheel_.Remove(5);
  EXPECT_EQ(wheel_.First(), kNoRecord);
  EXPECT_EQ(records_[5].place_or_end.wheel(), 3);
}

// Wherever the turn begins, every slot is seen.
TEST_F(TimerWheelTest, FirstSeesEverySlot) {
  for (int64_t start = 0; start < 130; ++start) {
    TimerWheel wheel(records_, 0);
    uint32_t budget = 1;
    wheel.Advance(kNow + start * kTick, &budget, [](uint32_t) {});
    for (int64_t ahead = 0; ahead < TimerWheel::kSlots; ahead += 31) {
      wheel.Add(1, kNow + (start + ahead) * kTick);
      ASSERT_EQ(wheel.First(), 1u);
      wheel.Add(2, kNow + (start + TimerWheel::kSlots - 1) * kTick);
      ASSERT_EQ(wheel.First(), 1u);
      wheel.Remove(1);
      ASSERT_EQ(wheel.First(), 2u);
      wheel.Remove(2);
    }
  }
}

TEST_F(TimerWheelTest, DueInTheOrderOfTicks) {
  Advance(kNow);
  wheel_.Add(1, kNow + 30 * kTick);
  wheel_.Add(2, kNow + 10 * kTick);
  wheel_.Add(3, kNow + 20 * kTick);
  wheel_.Add(4, kNow + 10 * kTick);
  EXPECT_EQ(Advance(kNow + 25 * kTick), (Records{2, 4, 3}));
  EXPECT_EQ(Advance(kNow + 40 * kTick), (Records{1}));
}

TEST_F(TimerWheelTest, BudgetIsKeptAndNothingIsLost) {
  Advance(kNow);
  for (uint32_t i = 0; i < 100; ++i) wheel_.Add(i, kNow + i % 3 * kTick);
  std::set<uint32_t> seen;
  for (int call = 0; call < 10; ++call) {
    const Records due = Advance(kNow + kTurn, 10);
    EXPECT_EQ(due.size(), 10u);
    seen.insert(due.begin(), due.end());
  }
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_TRUE(Advance(kNow + kTurn).empty());
}

TEST_F(TimerWheelTest, TimeMayLeapOrStandOrGoBack) {
  wheel_.Add(1, kNow);  // before time has begun
  wheel_.Add(2, 5);
  EXPECT_EQ(Advance(kNow).size(), 2u);  // looked at, if early, at the leap
  wheel_.Add(1, kNow + kTick);
  EXPECT_TRUE(Advance(kNow).empty());
  EXPECT_TRUE(Advance(kNow - kTurn).empty());
  EXPECT_TRUE(Advance(-kNow).empty());
  EXPECT_EQ(Advance(kNow + 1000 * kTurn), Records{1});
  wheel_.Add(1, kNow);  // long past
  EXPECT_EQ(Advance(kNow + 1001 * kTurn), Records{1});
  wheel_.Add(1, INT64_MAX);
  EXPECT_EQ(Advance(INT64_MAX), Records{1});
  wheel_.Add(1, INT64_MIN);
  EXPECT_EQ(wheel_.First(), 1u);
}

// Against a sorted model: who is put back until its real time is over, as the
// flow table does, comes due within a tick of it.
TEST_F(TimerWheelTest, AgreesWithASortedModel) {
  std::mt19937_64 random(7);
  std::map<uint32_t, int64_t> deadlines;  // of what is in the wheel
  int64_t now = kNow;
  Advance(now);
  for (int step = 0; step < 100'000; ++step) {
    const uint32_t record = static_cast<uint32_t>(random() % kRecords);
    const auto at = deadlines.find(record);
    const int64_t far = random() % 8 == 0 ? 4 * kTurn : kTurn / 8;
    switch (random() % 8) {
      case 0:
        now += static_cast<int64_t>(random() % 100) == 0
                   ? static_cast<int64_t>(random() % (3 * kTurn))
                   : static_cast<int64_t>(random() % (20 * kTick));
        [[fallthrough]];
      case 1: {
        uint32_t budget = 50 + static_cast<uint32_t>(random() % 2000);
        wheel_.Advance(now, &budget, [&](uint32_t due) {
          const auto entry = deadlines.find(due);
          ASSERT_NE(entry, deadlines.end());
          if (entry->second > now) {
            wheel_.Add(due, entry->second);
          } else {
            deadlines.erase(entry);
          }
        });
        if (budget == 0) break;
        for (const auto& [left, deadline] : deadlines) {
          ASSERT_GT(deadline, now - kTick - 1) << left;
        }
        break;
      }
      case 2:
        // Heard of again: later, without moving it.
        if (at != deadlines.end()) {
          at->second +=
              static_cast<int64_t>(random() % static_cast<uint64_t>(far));
        }
        break;
      case 3:
        if (at != deadlines.end()) {
          wheel_.Remove(record);
          deadlines.erase(at);
        }
        break;
      default:
        if (at == deadlines.end()) {
          const int64_t deadline =
              now - kTick +
              static_cast<int64_t>(random() % static_cast<uint64_t>(far));
          wheel_.Add(record, deadline);
          deadlines[record] = deadline;
        }
    }
    ASSERT_EQ(wheel_.First() == kNoRecord, deadlines.empty());
    ASSERT_TRUE(deadlines.empty() || deadlines.contains(wheel_.First()));
  }
}

}  // namespace
}  // namespace mosd::dataplane
