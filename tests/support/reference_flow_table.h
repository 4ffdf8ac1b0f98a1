// The flow table as one would write it without a thought for speed: maps that
// are searched from end to end. It knows what must be, and, where the fast
// table has a choice (whom to evict, when to look at a timer), what may be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dataplane/flow/flow_table.h"

namespace mosd::testing {

struct ReferenceFlow {
  uint32_t key = 0;
  dataplane::FlowState state = dataplane::FlowState::kHalfOpen;
  dataplane::EndReason end_reason = dataplane::EndReason::kNone;
  dataplane::EndReason closed_by = dataplane::EndReason::kNone;
  bool midstream = false;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  int64_t last_ns[dataplane::kSides] = {};
  uint64_t frames[dataplane::kSides] = {};
  bool heard_again = false;  // since it was started

  bool live() const { return state != dataplane::FlowState::kEnded; }
  int64_t LastNs() const { return std::max(last_ns[0], last_ns[1]); }
};

class ReferenceFlowTable {
 public:
  using Id = uint64_t;
  using Flows = absl::flat_hash_map<Id, ReferenceFlow>;

  explicit ReferenceFlowTable(const dataplane::FlowTableOptions& options)
      : options_(options) {}

  const Flows& flows() const { return flows_; }
  ReferenceFlow* Get(Id id) {
    const auto at = flows_.find(id);
    return at == flows_.end() ? nullptr : &at->second;
  }
  // The newest flow of a key, or 0.
  Id Newest(uint32_t key) const {
    const auto at = newest_.find(key);
    return at == newest_.end() || !flows_.contains(at->second) ? 0 : at->second;
  }
  uint64_t Count(dataplane::FlowState state) const {
    uint64_t count = 0;
    for (const auto& [id, flow] : flows_) count += flow.state == state ? 1 : 0;
    return count;
  }
  uint64_t Live() const {
    return flows_.size() - Count(dataplane::FlowState::kEnded);
  }

  int64_t Deadline(const ReferenceFlow& flow) const {
    switch (flow.state) {
      case dataplane::FlowState::kHalfOpen:
        return flow.LastNs() + options_.timeouts.half_open_ns;
      case dataplane::FlowState::kEstablished:
        return flow.LastNs() + options_.timeouts.established_ns;
      case dataplane::FlowState::kTimeWait:
        return flow.LastNs() + options_.timeouts.time_wait_ns;
      default:
        return flow.LastNs() + options_.timeouts.closing_ns;
    }
  }
  static dataplane::EndReason ReasonAtDeadline(const ReferenceFlow& flow) {
    return flow.state == dataplane::FlowState::kTimeWait
               ? flow.closed_by
               : dataplane::EndReason::kIdleTimeout;
  }

  void Start(Id id, const ReferenceFlow& flow) {
    flows_[id] = flow;
    newest_[flow.key] = id;
  }

  void End(Id id, dataplane::EndReason reason, int64_t end_ns) {
    ReferenceFlow& flow = flows_.at(id);
    const bool unanswered =
        flow.state == dataplane::FlowState::kHalfOpen && flow.frames[1] == 0;
    if (reason == dataplane::EndReason::kEvicted && unanswered) {
      discarded_.push_back(id);
    } else {
      ended_.push_back(id);
    }
    flow.state = dataplane::FlowState::kEnded;
    flow.end_reason = reason;
    flow.end_ns = end_ns;
  }

  // Forgets what is given back by `now_ns`, and says what that was.
  std::vector<Id> EndBurst(int64_t now_ns) {
    std::vector<Id> freed = std::move(discarded_);
    discarded_.clear();
    while (!ended_.empty() && (ended_.size() > options_.max_ended_flows ||
                               now_ns - flows_.at(ended_.front()).end_ns >=
                                   options_.ended_retention_ns)) {
      freed.push_back(ended_.front());
      ended_.pop_front();
    }
    for (const Id id : freed) flows_.erase(id);
    return freed;
  }

  // Whether this live flow may be the one that is evicted for another.
  bool MayEvict(const ReferenceFlow& victim, int64_t now_ns) const {
    for (const auto& [id, flow] : flows_) {
      if (flow.live() && Class(flow.state) < Class(victim.state)) return false;
      // Half-open flows that were heard of once: the oldest, by ticks.
      if (flow.state == dataplane::FlowState::kHalfOpen && !flow.heard_again &&
          !victim.heard_again && Tick(flow.start_ns) < Tick(victim.start_ns)) {
        return false;
      }
    }
    return victim.state != dataplane::FlowState::kEstablished ||
           now_ns - victim.LastNs() >= dataplane::FlowTable::kEvictableIdleNs;
  }

  // Whether a flow may be refused: the table is full, and none may be evicted.
  bool MayRefuse(int64_t now_ns) const {
    if (Live() < options_.max_flows) return false;
    for (const auto& [id, flow] : flows_) {
      if (flow.live() &&
          (flow.state != dataplane::FlowState::kEstablished ||
           now_ns - flow.LastNs() >= dataplane::FlowTable::kEvictableIdleNs)) {
        return false;
      }
    }
    return true;
  }

  // Whether a live flow is overdue when timers were run at `now_ns`.
  bool Overdue(const ReferenceFlow& flow, int64_t now_ns) const {
    return flow.live() && Tick(Deadline(flow)) < Tick(now_ns);
  }

 private:
  // Lower ones are evicted first.
  static int Class(dataplane::FlowState state) {
    switch (state) {
      case dataplane::FlowState::kHalfOpen:
        return 0;
      case dataplane::FlowState::kEstablished:
        return 2;
      default:
        return 1;
    }
  }
  static int64_t Tick(int64_t time_ns) {
    return time_ns >> dataplane::TimerWheel::kTickShift;
  }

  const dataplane::FlowTableOptions options_;
  Flows flows_;
  absl::flat_hash_map<uint32_t, Id> newest_;  // of a key
  std::deque<Id> ended_;                      // oldest first
  std::vector<Id> discarded_;
};

}  // namespace mosd::testing
