#include "controlplane/grpc/flow_filter.h"

#include <algorithm>
#include <utility>

#include "controlplane/grpc/flow_filter_parser.h"

namespace mosd::controlplane {
namespace {

using dataplane::Endpoint;
using dataplane::FlowSnapshot;
using End = FilterStep::End;
using Field = FilterStep::Field;
using Op = FilterStep::Op;
using Relation = FilterStep::Relation;

bool AddressMatches(const FilterStep& step, const Endpoint& endpoint) {
  for (size_t i = 0; i < step.address.size(); ++i) {
    if ((endpoint.address[i] & step.mask[i]) != step.address[i]) return false;
  }
  return true;
}

bool PortMatches(const FilterStep& step, const Endpoint& endpoint) {
  return endpoint.port >= step.low_port && endpoint.port <= step.high_port;
}

template <typename Test>
bool EndMatches(const FilterStep& step, const FlowSnapshot& flow, Test test) {
  const bool client = step.end != End::kServer;
  const bool server = step.end != End::kClient;
  return (client && test(step, flow.side[0].endpoint)) ||
         (server && test(step, flow.side[1].endpoint));
}

int64_t ValueOf(Field field, const FlowSnapshot& flow, int64_t now_ns) {
  switch (field) {
    case Field::kIpVersion:
      return static_cast<int64_t>(flow.version);
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
    case Op::kAddress:
      return step.version == flow.version &&
             EndMatches(step, flow, AddressMatches);
    case Op::kPort:
      return EndMatches(step, flow, PortMatches);
    case Op::kMember:
      return (step.members >> ValueOf(step.field, flow, now_ns) & 1) != 0;
    default:
      return Compare(ValueOf(step.field, flow, now_ns), step.relation,
                     step.number);
  }
}

}  // namespace

absl::StatusOr<FlowFilter> FlowFilter::Parse(absl::string_view text) {
  absl::StatusOr<std::vector<FilterStep>> steps = ParseFlowFilter(text);
  if (!steps.ok()) return steps.status();
  return FlowFilter(*std::move(steps));
}

bool FlowFilter::Matches(const FlowSnapshot& flow, int64_t now_ns) const {
  if (steps_.empty()) return true;
  // Operators bind from left to right: each nesting level leaves one operand
  // open, and the innermost has its own, the next, and that one's protocol.
  bool stack[kMaxNesting + 3];
  size_t depth = 0;
  for (const FilterStep& step : steps_) {
    switch (step.op) {
      case Op::kNot:
        stack[depth - 1] = !stack[depth - 1];
        break;
      case Op::kAnd:
        --depth;
        stack[depth - 1] = stack[depth - 1] && stack[depth];
        break;
      case Op::kOr:
        --depth;
        stack[depth - 1] = stack[depth - 1] || stack[depth];
        break;
      default:
        stack[depth++] = TestMatches(step, flow, now_ns);
    }
  }
  return stack[0];
}

}  // namespace mosd::controlplane
