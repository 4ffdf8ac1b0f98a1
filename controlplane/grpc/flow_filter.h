// The filter language of ListFlows and WatchFlows, compiled once and run for
// every flow. Immutable after Parse(); any thread. Matching neither allocates
// nor fails.
//
//   expression = term { ("and" | "&" | "&&" | "or" | "|" | "||") term }
//   term       = { "not" | "!" } ( "(" expression ")" | words | field )
//   words      = "tcp" | "ip" | "ip6"
//              | [ "tcp" | "ip" | "ip6" ] [ "src" | "dst" ] what
//   what       = [ "host" ] ADDRESS | "net" ADDRESS/BITS
//              | "net" ADDRESS "mask" ADDRESS
//              | "port" NUMBER | "portrange" NUMBER-NUMBER
//   field      = NAME ("=" | "!=") VALUE { "," VALUE }
//              | NAME ("=" | "!=" | "<" | "<=" | ">" | ">=") NUMBER
//
// "and" and "or" bind equally and from left to right, as in pcap-filter(7).
// "src" is the client and "dst" the server: a flow has no direction of its
// own. Fields with names for values: state, client.state, server.state,
// end_reason, last_speaker, midstream; with numbers: worker, frames (of both
// sides), idle (a duration such as 30s or 1h30m: the time since the newest
// frame, in the clock of the capture).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dataplane/flow/flow_snapshot.h"

namespace mosd::controlplane {

// One step of a compiled filter, in postfix order. Which members mean
// something depends on `op`.
struct FilterStep {
  enum class Op : uint8_t {
    kNot,
    kAnd,
    kOr,
    kAddress,
    kPort,
    kMember,
    kCompare
  };
  enum class End : uint8_t { kEither, kClient, kServer };
  enum class Field : uint8_t {
    kIpVersion,
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
  Field field = Field::kIpVersion;    // kMember, kCompare
  Relation relation = Relation::kEq;  // kCompare
  dataplane::IpVersion version{};     // kAddress
  std::array<uint8_t, 16> address{};  // kAddress, masked
  std::array<uint8_t, 16> mask{};     // kAddress
  uint16_t low_port = 0;              // kPort, inclusive
  uint16_t high_port = 0;             // kPort, inclusive
  uint32_t members = 0;               // kMember: bit n stands for n
  int64_t number = 0;                 // kCompare; durations in ns
};

class FlowFilter {
 public:
  static constexpr size_t kMaxText = 4096;   // bytes
  static constexpr size_t kMaxNesting = 64;  // of parentheses and "not"

  // Matches every flow.
  FlowFilter() = default;

  // Empty or blank text matches every flow. INVALID_ARGUMENT says where and
  // what was expected, as in "at 6: expected an address after 'host'".
  static absl::StatusOr<FlowFilter> Parse(absl::string_view text);

  // `now_ns` is Dataplane::NowNs() of the flow's worker.
  bool Matches(const dataplane::FlowSnapshot& flow, int64_t now_ns) const;

 private:
  explicit FlowFilter(std::vector<FilterStep> steps)
      : steps_(std::move(steps)) {}

  std::vector<FilterStep> steps_;
};

}  // namespace mosd::controlplane
