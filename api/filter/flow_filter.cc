#include "api/filter/flow_filter.h"

#include <utility>

#include "controlplane/flow_filter/filter_parser.h"

namespace mosd::api {
namespace {

using controlplane::FilterStep;

constexpr controlplane::FilterLanguage kLanguage = {
    .max_text_bytes = FlowFilter::kMaxText,
    .has_ip_words = false,
    .take_field = nullptr,
    .term = "expected a word such as 'tcp', 'host' or 'port'",
    .words =
        "expected 'tcp', 'host', 'net', 'port', 'portrange', 'src', 'dst' or "
        "an address",
};

}  // namespace

absl::StatusOr<FlowFilter> FlowFilter::Parse(absl::string_view text) {
  absl::StatusOr<std::vector<FilterStep>> steps =
      controlplane::ParseFilter(text, kLanguage);
  if (!steps.ok()) return steps.status();
  return FlowFilter(*std::move(steps));
}

bool FlowFilter::Matches(dataplane::IpVersion version,
                         const dataplane::Endpoint& source,
                         const dataplane::Endpoint& destination) const {
  return controlplane::RunFilter(steps_, [&](const FilterStep& step) {
    return controlplane::StepMatches(step, version, source, destination);
  });
}

}  // namespace mosd::api
