// What a filter of flows is compiled to, and how it is run: steps in postfix
// order over a stack of truth values. Immutable once compiled; any thread.
// Running neither allocates nor fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/flow/flow_key.h"

namespace mosd::controlplane {

// Of parentheses and "not" in a filter's text.
inline constexpr size_t kMaxFilterNesting = 64;

// Which members mean something depends on `op`.
struct FilterStep {
  enum class Op : uint8_t {
    kNot,
    kAnd,
    kOr,
    kVersion,
    kAddress,
    kPort,
    kMember,
    kCompare
  };
  enum class End : uint8_t { kEither, kBoth, kClient, kServer };
  // Of dataplane::FlowSnapshot.
  enum class Field : uint8_t {
    kFlowState,
    kClientState,
    kServerState,
    kEndReason,
    kLastSpeaker,
    kMidstream,
    kWorker,
    kFrames,
    kIdle,
  };
  enum class Relation : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };

  Op op;
  End end = End::kEither;             // kAddress, kPort
  Field field = Field::kFlowState;    // kMember, kCompare
  Relation relation = Relation::kEq;  // kCompare
  dataplane::IpVersion version{};     // kVersion, kAddress; {}: any
  std::array<uint8_t, 16> address{};  // kAddress, masked
  std::array<uint8_t, 16> mask{};     // kAddress
  uint16_t low_port = 0;              // kPort, inclusive
  uint16_t high_port = 0;             // kPort, inclusive
  uint32_t members = 0;               // kMember: bit n stands for n
  int64_t number = 0;                 // kCompare; durations in ns
};

// kVersion, kAddress and kPort: what the words of a filter test.
bool StepMatches(const FilterStep& step, dataplane::IpVersion version,
                 const dataplane::Endpoint& client,
                 const dataplane::Endpoint& server);

// Runs `steps`; `test` answers for a step that is no operator. No steps: true.
template <typename Test>
bool RunFilter(const std::vector<FilterStep>& steps, Test test) {
  using Op = FilterStep::Op;
  if (steps.empty()) return true;
  // Operators bind from left to right: each nesting level leaves one operand
  // open, and the innermost has its own, the next, and that one's protocol.
  bool stack[kMaxFilterNesting + 3];
  size_t depth = 0;
  for (const FilterStep& step : steps) {
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
        stack[depth++] = test(step);
    }
  }
  return stack[0];
}

}  // namespace mosd::controlplane
