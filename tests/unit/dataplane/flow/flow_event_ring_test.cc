#include "dataplane/flow/flow_event_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace mosd::dataplane {
namespace {

constexpr size_t kAll = SIZE_MAX;

TEST(FlowEventRingTest, SilentUntilEnabled) {
  FlowEventRing ring;
  std::vector<FlowEvent> events;
  ring.Push(FlowEventKind::kStarted, FlowId{1}, 1);
  EXPECT_EQ(ring.Pop(kAll, &events), 0u);
  ring.Enable(true);
  ring.Push(FlowEventKind::kEnded, FlowId{2}, 3);
  ring.Enable(false);
  ring.Push(FlowEventKind::kStarted, FlowId{4}, 5);
  EXPECT_EQ(ring.Pop(kAll, &events), 1u);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, FlowId{2});
  EXPECT_EQ(events[0].time_ns, 3);
  EXPECT_EQ(events[0].kind, FlowEventKind::kEnded);
  EXPECT_EQ(ring.TakeLost(), 0u);
}

TEST(FlowEventRingTest, LosesTheNewestAndCountsThem) {
  FlowEventRing ring;
  ring.Enable(true);
  constexpr uint64_t kTooMany = 10;
  for (uint64_t i = 0; i < FlowEventRing::kCapacity + kTooMany; ++i) {
    ring.Push(FlowEventKind::kStarted, FlowId{i}, 0);
  }
  EXPECT_EQ(ring.TakeLost(), kTooMany);
  EXPECT_EQ(ring.TakeLost(), 0u);
  std::vector<FlowEvent> events;
  EXPECT_EQ(ring.Pop(3, &events), 3u);
  // Room for three, at the end of the round.
  for (uint64_t i = 0; i < 5; ++i) {
    ring.Push(FlowEventKind::kStarted, FlowId{1'000'000 + i}, 0);
  }
  EXPECT_EQ(ring.TakeLost(), 2u);
  EXPECT_EQ(ring.Pop(kAll, &events), FlowEventRing::kCapacity);
  ASSERT_EQ(events.size(), FlowEventRing::kCapacity + 3);
  for (uint64_t i = 0; i < FlowEventRing::kCapacity; ++i) {
    ASSERT_EQ(events[i].id, FlowId{i});
  }
  EXPECT_EQ(events.back().id, FlowId{1'000'002});
  EXPECT_EQ(ring.Pop(0, &events), 0u);
}

// Every event is delivered once, in order, or counted as lost.
TEST(FlowEventRingTest, ConcurrentProducerAndConsumer) {
#if defined(__SANITIZE_THREAD__)
  constexpr uint64_t kEvents = 300'000;
#else
  constexpr uint64_t kEvents = 3'000'000;
#endif
  FlowEventRing ring;
  ring.Enable(true);
  std::atomic<bool> done{false};
  std::thread producer([&] {
    for (uint64_t i = 1; i <= kEvents; ++i) {
      ring.Push(FlowEventKind::kStateChanged, FlowId{i},
                static_cast<int64_t>(i * 3));
    }
    done = true;
  });
  std::vector<FlowEvent> events;
  uint64_t received = 0, lost = 0, last = 0, wrong = 0;
  for (bool more = true; more;) {
    more = !done;  // then once more
    events.clear();
    size_t popped;
    do {
      popped = ring.Pop(1 + received % 5000, &events);
    } while (!more && popped != 0);
    for (const FlowEvent& event : events) {
      const bool in_order = event.id.value > last;
      const bool whole =
          event.time_ns == static_cast<int64_t>(event.id.value * 3);
      wrong += in_order && whole ? 0 : 1;
      last = event.id.value;
    }
    received += events.size();
    lost += ring.TakeLost();
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(received + lost, kEvents);
  EXPECT_GT(received, 0u);
}

}  // namespace
}  // namespace mosd::dataplane
