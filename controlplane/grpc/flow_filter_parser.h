// The compiler behind FlowFilter::Parse. Pure function, any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/grpc/flow_filter.h"

namespace mosd::controlplane {

// The steps of a filter in postfix order, at most FlowFilter::kMaxNesting + 3
// operands open at once. INVALID_ARGUMENT as in FlowFilter::Parse.
absl::StatusOr<std::vector<FilterStep>> ParseFlowFilter(absl::string_view text);

}  // namespace mosd::controlplane
