// A Dataplane for tests of what stands above it: its answers are what the test
// put in. Set the public fields before other threads look; flows, frames and
// events may be changed at any time through the functions (one mutex).
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/dataplane.h"

namespace mosd::testing {

class FakeDataplane : public dataplane::Dataplane {
 public:
  // --- What the test decides ---
  std::vector<dataplane::PortSnapshot> ports;
  std::vector<dataplane::WorkerSnapshot> workers =
      std::vector<dataplane::WorkerSnapshot>(1);
  dataplane::LastFrameMemorySnapshot last_frame_memory;
  std::string dpdk_version = "DPDK fake";
  int64_t now_ns = 1'700'000'000'000'000'000;
  bool input_exhausted = false;
  // Makes every ReadLastFrame return kContended.
  bool contended = false;

  // Adds or replaces a flow by its id.
  void PutFlow(const dataplane::FlowSnapshot& flow) {
    const std::lock_guard lock(mutex_);
    for (dataplane::FlowSnapshot& existing : flows_) {
      if (existing.id == flow.id) {
        existing = flow;
        return;
      }
    }
    flows_.push_back(flow);
  }

  void RemoveFlow(dataplane::FlowId id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(flows_, [id](const dataplane::FlowSnapshot& flow) {
      return flow.id == id;
    });
    for (const auto side :
         {dataplane::Side::kClient, dataplane::Side::kServer}) {
      frames_.erase({id.value, side});
    }
  }

  void PutLastFrame(dataplane::FlowId id, dataplane::Side side,
                    dataplane::LastFrameInfo info, std::vector<uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    info.captured_length = static_cast<uint32_t>(bytes.size());
    frames_[{id.value, side}] = {info, std::move(bytes)};
  }

  // Queued only while events are enabled, as in the real one.
  void PushEvent(const dataplane::FlowEvent& event) {
    const std::lock_guard lock(mutex_);
    if (events_enabled_) events_.push_back(event);
  }

  // What the next PollEvents reports as lost.
  void LoseEvents(uint64_t count) {
    const std::lock_guard lock(mutex_);
    if (events_enabled_) events_lost_ += count;
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }
  bool events_enabled() const {
    const std::lock_guard lock(mutex_);
    return events_enabled_;
  }

  // --- Dataplane ---
  void Stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  bool InputExhausted() const override { return input_exhausted; }
  std::vector<dataplane::PortSnapshot> Ports() const override { return ports; }
  std::vector<dataplane::WorkerSnapshot> Workers() const override {
    return workers;
  }
  dataplane::LastFrameMemorySnapshot LastFrameMemory() const override {
    return last_frame_memory;
  }
  std::string DpdkVersion() const override { return dpdk_version; }
  int64_t NowNs(uint32_t) const override { return now_ns; }

  bool ReadFlow(dataplane::FlowId id,
                dataplane::FlowSnapshot* flow) const override {
    const std::lock_guard lock(mutex_);
    for (const dataplane::FlowSnapshot& existing : flows_) {
      if (existing.id == id) {
        *flow = existing;
        return true;
      }
    }
    return false;
  }

  uint32_t WorkerOf(dataplane::IpVersion, const dataplane::Endpoint&,
                    const dataplane::Endpoint&) const override {
    return 0;
  }

  dataplane::FlowId FindFlow(dataplane::IpVersion version,
                             const dataplane::Endpoint& a,
                             const dataplane::Endpoint& b) const override {
    const std::lock_guard lock(mutex_);
    for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow) {
      const dataplane::Endpoint& client = flow->side[0].endpoint;
      const dataplane::Endpoint& server = flow->side[1].endpoint;
      if (flow->version == version &&
          ((client == a && server == b) || (client == b && server == a))) {
        return flow->id;
      }
    }
    return dataplane::FlowId{0};
  }

  // Visits flows in order of (worker, record), so that a flow put in or
  // removed between two calls shifts no other.
  bool ScanFlows(dataplane::ScanCursor* cursor, size_t max_records,
                 std::span<dataplane::FlowSnapshot> out,
                 size_t* found) const override {
    const std::lock_guard lock(mutex_);
    std::vector<dataplane::FlowSnapshot> sorted = flows_;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return Place(a.id) < Place(b.id);
    });
    *found = 0;
    for (const dataplane::FlowSnapshot& flow : sorted) {
      if (Place(flow.id) < std::pair(cursor->worker, cursor->record)) continue;
      if (*found == out.size() || *found == max_records) return true;
      out[(*found)++] = flow;
      *cursor = {flow.id.worker(), flow.id.record() + 1};
    }
    return false;
  }

  dataplane::ReadResult ReadLastFrame(
      dataplane::FlowId id, dataplane::Side side, std::span<uint8_t> buffer,
      dataplane::LastFrameInfo* info) const override {
    if (contended) return dataplane::ReadResult::kContended;
    dataplane::FlowSnapshot flow;
    if (!ReadFlow(id, &flow)) return dataplane::ReadResult::kNoFlow;
    const std::lock_guard lock(mutex_);
    const auto frame = frames_.find({id.value, side});
    if (frame == frames_.end()) return dataplane::ReadResult::kNoFrame;
    *info = frame->second.first;
    const std::vector<uint8_t>& bytes = frame->second.second;
    std::memcpy(buffer.data(), bytes.data(),
                std::min(buffer.size(), bytes.size()));
    return dataplane::ReadResult::kOk;
  }

  void EnableEvents(bool enabled) override {
    const std::lock_guard lock(mutex_);
    events_enabled_ = enabled;
    if (!enabled) events_.clear();
  }

  uint64_t PollEvents(size_t limit,
                      std::vector<dataplane::FlowEvent>* out) override {
    const std::lock_guard lock(mutex_);
    while (limit-- > 0 && !events_.empty()) {
      out->push_back(events_.front());
      events_.pop_front();
    }
    return std::exchange(events_lost_, 0);
  }

 private:
  static std::pair<uint32_t, uint32_t> Place(dataplane::FlowId id) {
    return {id.worker(), id.record()};
  }

  mutable std::mutex mutex_;
  std::vector<dataplane::FlowSnapshot> flows_;  // oldest first
  std::map<std::pair<uint64_t, dataplane::Side>,
           std::pair<dataplane::LastFrameInfo, std::vector<uint8_t>>>
      frames_;
  std::deque<dataplane::FlowEvent> events_;
  uint64_t events_lost_ = 0;
  bool events_enabled_ = false;
  bool stopped_ = false;
};

}  // namespace mosd::testing
