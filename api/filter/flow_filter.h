// The filter of a stream socket (mtcp_bind_monitor_filter), compiled once and
// asked with the addresses and ports of a flow's first SYN: what else the frame
// has, such as VLAN tags, does not matter. Immutable; any thread. Matching
// neither allocates nor fails.
//
// The words of controlplane/flow_filter/filter_parser.h but for "ip" and "ip6":
// tcp host src dst net mask port portrange and or not & |, besides && || ! and
// parentheses. What pcap accepts of these means the same here.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/flow_filter/filter_step.h"
#include "dataplane/flow/flow_key.h"

namespace mosd::api {

class FlowFilter {
 public:
  static constexpr size_t kMaxText = 65'536;  // bytes

  // Matches every flow.
  FlowFilter() = default;

  // Empty or blank text matches every flow. INVALID_ARGUMENT says where,
  // counting bytes from 1, and what was expected.
  static absl::StatusOr<FlowFilter> Parse(absl::string_view text);

  // `source` is who sent the first SYN: the client.
  bool Matches(dataplane::IpVersion version, const dataplane::Endpoint& source,
               const dataplane::Endpoint& destination) const;

 private:
  explicit FlowFilter(std::vector<controlplane::FilterStep> steps)
      : steps_(std::move(steps)) {}

  std::vector<controlplane::FilterStep> steps_;
};

}  // namespace mosd::api
