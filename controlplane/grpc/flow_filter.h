// The filter language of ListFlows and WatchFlows, compiled once and run for
// every flow. Immutable after Parse(); any thread. Matching neither allocates
// nor fails.
//
// The words and operators are those of controlplane/flow_filter/filter_parser.h
// and, besides,
//
//   field = NAME ("=" | "!=") VALUE { "," VALUE }
//         | NAME ("=" | "!=" | "<" | "<=" | ">" | ">=") NUMBER
//
// Fields with names for values: state, client.state, server.state, end_reason,
// last_speaker, midstream; with numbers: worker, frames (of both sides), idle
// (a duration such as 30s or 1h30m: the time since the newest frame, in the
// clock of the capture).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/flow_filter/filter_step.h"
#include "dataplane/flow/flow_snapshot.h"

namespace mosd::controlplane {

class FlowFilter {
 public:
  static constexpr size_t kMaxText = 4096;  // bytes
  static constexpr size_t kMaxNesting = kMaxFilterNesting;

  // Matches every flow.
  FlowFilter() = default;

  // Empty or blank text matches every flow. INVALID_ARGUMENT says where and
  // what was expected, as in "at 6: expected an address after 'host'".
  static absl::StatusOr<FlowFilter> Parse(absl::string_view text);

  bool MatchesAll() const { return steps_.empty(); }

  // `now_ns` is Dataplane::NowNs() of the flow's worker.
  bool Matches(const dataplane::FlowSnapshot& flow, int64_t now_ns) const;

 private:
  explicit FlowFilter(std::vector<FilterStep> steps)
      : steps_(std::move(steps)) {}

  std::vector<FilterStep> steps_;
};

}  // namespace mosd::controlplane
