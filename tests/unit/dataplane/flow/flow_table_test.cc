#include "dataplane/flow/flow_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/flow_keys.h"
#include "tests/support/flow_table_comparison.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::FlowTableComparison;
using ::mosd::testing::NumberedKey;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'800'000'000 * kSecond;

// fuzz/flow_table_fuzz.cc is the same with chosen operations.
TEST(FlowTableComparisonTest, AgreesWithTheReference) {
  FlowTableComparison comparison;
  std::mt19937 random(1);
  const auto number = [&] { return static_cast<uint8_t>(random()); };
  for (int step = 0; step < 30'000; ++step) {
    const uint8_t operation = number(), a = number(), b = number();
    ASSERT_EQ(comparison.Step(operation, a, b), "")
        << "step " << step << ": " << operation % 16 << " " << int{a} << " "
        << int{b};
  }
  // It was worth it.
  EXPECT_GT(comparison.evicted(), 100u);
  EXPECT_GT(comparison.refused(), 20u);
  EXPECT_GT(comparison.expired(), 100u);
  EXPECT_GT(comparison.given_back(), 1000u);
}

class FlowTableTest : public ::testing::Test {
 protected:
  FlowTableTest() { Restart(1000, 1000); }

  void Restart(uint32_t max_flows, uint32_t max_ended_flows) {
    auto pool = FramePool::Create(1 << 20);
    ASSERT_TRUE(pool.ok());
    pool_ = std::make_unique<FramePool>(*std::move(pool));
    frames_ = std::make_unique<FrameWriter>(pool_.get());
    FlowTableOptions options;
    options.max_flows = max_flows;
    options.max_ended_flows = max_ended_flows;
    options.ended_retention_ns = 3600 * kSecond;
    auto table = FlowTable::Create(options, &hash_, frames_.get(), &events_);
    ASSERT_TRUE(table.ok());
    table_ = *std::move(table);
  }

  FlowRecord* Start(uint32_t number, int64_t time_ns) {
    const FlowKey key = NumberedKey(number);
    FlowRecord* const flow =
        table_->Start(hash_(key), key, 1, /*midstream=*/false, time_ns);
    if (flow != nullptr) flow->last_time_ns[0].Set(time_ns);
    return flow;
  }
  void Settle(FlowRecord* flow, FlowState state, int64_t time_ns) {
    FlowStatus status = flow->Status();
    status.set_state(state);
    table_->Settle(flow, status, time_ns, /*announce=*/false);
  }

  FlowHash hash_;
  FlowEventRing events_;
  std::unique_ptr<FramePool> pool_;
  std::unique_ptr<FrameWriter> frames_;
  std::unique_ptr<FlowTable> table_;
};

// A million SYNs push out each other, and no established flow; nothing of them
// is kept as an ended flow.
TEST_F(FlowTableTest, FloodOfSynsLeavesTheEstablishedAlone) {
  for (uint32_t i = 0; i < 500; ++i) {
    FlowRecord* const flow = Start(i, kNow);
    ASSERT_NE(flow, nullptr);
    Settle(flow, FlowState::kEstablished, kNow);
  }
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    const int64_t now = kNow + i * int64_t{100'000};
    ASSERT_NE(Start(1000 + i, now), nullptr);
    if (i % 64 == 0) {
      table_->Advance(now);
      table_->EndBurst(now);
    }
  }
  table_->EndBurst(kNow + 100 * kSecond);
  const FlowTableCounts& counts = table_->counts();
  EXPECT_EQ(counts.by_state[static_cast<size_t>(FlowState::kEstablished)],
            500u);
  EXPECT_EQ(counts.by_state[static_cast<size_t>(FlowState::kHalfOpen)], 500u);
  EXPECT_EQ(counts.by_state[static_cast<size_t>(FlowState::kEnded)], 0u);
  EXPECT_EQ(counts.ended[static_cast<size_t>(EndReason::kEvicted)],
            1'000'000u - 500u);
  EXPECT_EQ(counts.evicted[static_cast<size_t>(FlowState::kHalfOpen)],
            1'000'000u - 500u);
  EXPECT_EQ(counts.evicted[static_cast<size_t>(FlowState::kEstablished)], 0u);
  EXPECT_LE(table_->record_count(), 1000u + FlowTable::kBurstSlack);
}

TEST_F(FlowTableTest, AllIdleFlowsEndInFewTurns) {
  for (uint32_t i = 0; i < 1000; ++i) {
    Settle(Start(i, kNow), FlowState::kEstablished, kNow);
  }
  const int64_t later = kNow + 1801 * kSecond;
  for (int turn = 0; turn < 40; ++turn) table_->Advance(later);
  EXPECT_EQ(
      table_->counts().ended[static_cast<size_t>(EndReason::kIdleTimeout)],
      1000u);
  for (uint32_t i = 0; i < 1000; ++i) {
    FlowSnapshot snapshot;
    ASSERT_TRUE(table_->ReadAt(i, &snapshot));
    EXPECT_EQ(snapshot.end_time_ns, kNow + 1800 * kSecond);
  }
}

// Past all that a record has room for; and the next flow there begins at 0.
TEST_F(FlowTableTest, CountsFar) {
  Restart(1, 0);
  FlowRecord* const flow = Start(1, kNow);
  Settle(flow, FlowState::kEstablished, kNow);
  std::mt19937 random(5);
  const auto below = [&](uint32_t most) {
    return static_cast<uint32_t>(random()) % most;
  };
  uint64_t frames[kSides] = {};
  uint64_t wire_bytes[kSides] = {};
  uint64_t payload_bytes[kSides] = {};
  FlowSnapshot snapshot;
  for (int i = 0; i < 300'000; ++i) {
    const size_t side = below(3) == 0 ? 1 : 0;
    // What a hostile capture says of a frame's length is counted as well.
    const uint32_t payload = below(100'000);
    const uint32_t wire = i % 1000 == 0 ? UINT32_MAX : payload + below(60);
    table_->Count(flow, side, wire, payload);
    ++frames[side];
    wire_bytes[side] += wire;
    payload_bytes[side] += payload;
    ASSERT_TRUE(table_->ReadAt(0, &snapshot));
    for (size_t of = 0; of < kSides; ++of) {
      ASSERT_EQ(snapshot.side[of].frames, frames[of]);
      ASSERT_EQ(snapshot.side[of].wire_bytes, wire_bytes[of]);
      ASSERT_EQ(snapshot.side[of].payload_bytes, payload_bytes[of]);
    }
  }
  EXPECT_EQ(table_->FramesOf(*flow, Side::kServer), frames[1]);
  EXPECT_GT(frames[1], uint64_t{UINT16_MAX});
  EXPECT_GT(payload_bytes[1], uint64_t{UINT32_MAX});

  table_->End(flow, EndReason::kFinClient, kNow);
  table_->EndBurst(kNow);
  ASSERT_EQ(Start(2, kNow), flow);
  ASSERT_TRUE(table_->ReadAt(0, &snapshot));
  EXPECT_EQ(snapshot.side[0].frames, 0u);
  EXPECT_EQ(snapshot.side[1].payload_bytes, 0u);
  EXPECT_EQ(table_->FramesOf(*flow, Side::kServer), 0u);
}

TEST_F(FlowTableTest, IdsOfNothingAreRefused) {
  FlowSnapshot snapshot;
  EXPECT_FALSE(table_->Read(FlowId{}, &snapshot));
  EXPECT_FALSE(table_->Read(FlowId{UINT64_MAX}, &snapshot));
  EXPECT_EQ(table_->RecordOf(FlowId::Make(0, 0, 1)), nullptr);
  FlowRecord* const flow = Start(1, kNow);
  const FlowId id = table_->IdOf(*flow);
  EXPECT_TRUE(table_->Read(id, &snapshot));
  EXPECT_EQ(snapshot.id, id);
  for (const FlowId other :
       {FlowId::Make(1, id.record(), id.generation()),
        FlowId::Make(0, id.record() + 1, id.generation()),
        FlowId::Make(0, id.record(), id.generation() + 1),
        FlowId::Make(0, id.record(), id.generation() + 2)}) {
    EXPECT_FALSE(table_->Read(other, &snapshot)) << other.value;
  }
  EXPECT_FALSE(table_->ReadAt(1, &snapshot));
  EXPECT_FALSE(table_->ReadAt(UINT32_MAX, &snapshot));
}

// Flows come and go beside a reader, which reads them by number, by id and by
// key. One key has a flow at all times, live or ended: never is there none.
TEST_F(FlowTableTest, ConcurrentReaderSeesWholeFlowsAndMissesNone) {
  Restart(16, 0);
  constexpr uint32_t kConstant = 7;
  const FlowKey constant = NumberedKey(kConstant);
  const uint64_t constant_hash = hash_(constant);
  ASSERT_NE(Start(kConstant, kNow + kConstant), nullptr);
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (uint32_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      const uint32_t number = 100 + i % 60'000;
      table_->End(Start(number, kNow + number), EndReason::kFinClient,
                  kNow + number + 1);
      if (i % 4 == 0) {
        table_->End(table_->Find(constant_hash, constant),
                    EndReason::kTupleReused, kNow + kConstant + 1);
        Start(kConstant, kNow + kConstant);
      }
      // Nothing ended is kept: each record is given back at once.
      table_->EndBurst(kNow);
    }
  });
  uint64_t wrong = 0, missed = 0, read = 0;
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(1000);
  do {
    for (uint32_t i = 0; i < 1000; ++i) {
      const FlowId id = table_->FindId(constant_hash, constant);
      missed += id.value == 0 ? 1 : 0;
      FlowSnapshot snapshot;
      if (!(i % 2 == 0 ? table_->Read(id, &snapshot)
                       : table_->ReadAt(i % 32, &snapshot))) {
        continue;
      }
      ++read;
      const uint16_t port = snapshot.side[0].endpoint.port;
      const bool ended = snapshot.state == FlowState::kEnded;
      const bool good = snapshot.start_time_ns == kNow + port &&
                        (i % 2 != 0 || port == kConstant) &&
                        snapshot.end_time_ns == (ended ? kNow + port + 1 : 0);
      wrong += good ? 0 : 1;
    }
  } while (std::chrono::steady_clock::now() < end);
  stop = true;
  worker.join();
  EXPECT_GT(read, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(missed, 0u);
}

}  // namespace
}  // namespace mosd::dataplane
