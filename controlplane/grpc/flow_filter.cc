#include "controlplane/grpc/flow_filter.h"

#include <algorithm>
#include <utility>

#include "controlplane/flow_filter/filter_parser.h"
#include "controlplane/grpc/flow_filter_field.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using Field = FilterStep::Field;
using Op = FilterStep::Op;
using Relation = FilterStep::Relation;

int64_t ValueOf(Field field, const FlowSnapshot& flow, int64_t now_ns) {
  switch (field) {
    case Field::kFlowState:
      return static_cast<int64_t>(flow.state);
    case Field::kClientState:
      return static_cast<int64_t>(flow.side[0].tcp_state);
    case Field::kServerState:
      return static_cast<int64_t>(flow.side[1].tcp_state);
    case Field::kEndReason:
      return static_cast<int64_t>(flow.end_reason);
    case Field::kLastSpeaker:
      return static_cast<int64_t>(flow.last_speaker);
    case Field::kMidstream:
      return flow.midstream ? 1 : 0;
    case Field::kWorker:
      return flow.id.worker();
    case Field::kFrames:
      return static_cast<int64_t>(flow.side[0].frames + flow.side[1].frames);
    case Field::kIdle:
      return now_ns -
             std::max(flow.side[0].last_time_ns, flow.side[1].last_time_ns);
  }
  return 0;
}

bool Compare(int64_t value, Relation relation, int64_t number) {
  switch (relation) {
    case Relation::kEq:
      return value == number;
    case Relation::kNe:
      return value != number;
    case Relation::kLt:
      return value < number;
    case Relation::kLe:
      return value <= number;
    case Relation::kGt:
      return value > number;
    case Relation::kGe:
      return value >= number;
  }
  return false;
}

bool TestMatches(const FilterStep& step, const FlowSnapshot& flow,
                 int64_t now_ns) {
  switch (step.op) {
    case Op::kVersion:
    case Op::kAddress:
    case Op::kPort:
      return StepMatches(step, flow.version, flow.side[0].endpoint,
                         flow.side[1].endpoint);
    case Op::kMember:
      return (step.members >> ValueOf(step.field, flow, now_ns) & 1) != 0;
    default:
      return Compare(ValueOf(step.field, flow, now_ns), step.relation,
                     step.number);
  }
}

constexpr FilterLanguage kLanguage = {
    .max_text_bytes = FlowFilter::kMaxText,
    .has_ip_words = true,
    .take_field = TakeFilterField,
    .term = "expected a word such as 'host', 'port' or 'state'",
    .words =
        "expected 'host', 'net', 'port', 'portrange', 'tcp', 'ip', 'ip6', an "
        "address, or a field such as 'state'",
};

}  // namespace

absl::StatusOr<FlowFilter> FlowFilter::Parse(absl::string_view text) {
  absl::StatusOr<std::vector<FilterStep>> steps = ParseFilter(text, kLanguage);
  if (!steps.ok()) return steps.status();
  return FlowFilter(*std::move(steps));
}

bool FlowFilter::Matches(const FlowSnapshot& flow, int64_t now_ns) const {
  return RunFilter(steps_, [&](const FilterStep& step) {
    return TestMatches(step, flow, now_ns);
  });
}

}  // namespace mosd::controlplane
