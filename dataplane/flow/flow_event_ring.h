// Flow events on their way from a worker to whoever watches: a bounded ring
// that loses, and counts, what does not fit. The worker never waits.
// producer: the owning worker; consumer: one thread at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/flow/flow_snapshot.h"

namespace mosd::dataplane {

class FlowEventRing {
 public:
  static constexpr size_t kCapacity = 65536;  // events
  static constexpr size_t kBytes = kCapacity * sizeof(FlowEvent);

  // Consumer. While disabled, nothing is queued or counted as lost.
  void Enable(bool enabled) {
    enabled_.store(enabled, std::memory_order_relaxed);
  }

  // Producer. Constant time.
  void Push(FlowEventKind kind, FlowId id, int64_t time_ns) {
    if (!enabled_.load(std::memory_order_relaxed)) [[likely]]
      return;
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    events_[tail % kCapacity] = FlowEvent{id, time_ns, kind};
    tail_.store(tail + 1, std::memory_order_release);
  }

  // Consumer. Appends at most `limit` events; returns how many.
  size_t Pop(size_t limit, std::vector<FlowEvent>* events) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const uint64_t tail = tail_.load(std::memory_order_acquire);
    const size_t count = std::min<size_t>(tail - head, limit);
    for (size_t i = 0; i < count; ++i) {
      events->push_back(events_[(head + i) % kCapacity]);
    }
    head_.store(head + count, std::memory_order_release);
    return count;
  }

  // Consumer. Events lost since the call before.
  uint64_t TakeLost() { return lost_.exchange(0, std::memory_order_relaxed); }

 private:
  std::unique_ptr<FlowEvent[]> events_ =
      std::make_unique<FlowEvent[]>(kCapacity);
  std::atomic<bool> enabled_{false};           // writer: consumer
  std::atomic<uint64_t> lost_{0};              // both write
  alignas(64) std::atomic<uint64_t> tail_{0};  // writer: producer
  alignas(64) std::atomic<uint64_t> head_{0};  // writer: consumer
};

}  // namespace mosd::dataplane
