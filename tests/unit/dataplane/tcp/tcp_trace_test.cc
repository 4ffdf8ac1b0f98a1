// The states after every packet of the captures that mOS itself was run over,
// against those that mOS had. Every difference is one we mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/tcp/tcp_tracker.h"
#include "tests/support/shared_dir.h"
#include "tests/support/tcp_capture.h"
#include "tests/support/tcp_script.h"

namespace mosd::testing {
namespace {

using dataplane::TcpConnection;
using dataplane::TcpOpening;
using dataplane::TcpOutcome;

constexpr std::string_view kNoFlow = "none";

struct Difference {
  std::string_view mos;
  std::string_view ours;
};

struct Rule {
  std::string_view reason;
  std::vector<Difference> differences;
};

const std::vector<Rule>& Rules() {
  static const auto* const kRules = new std::vector<Rule>{
      {"mOS loses a FIN that comes after a gap, and with it all that follows; "
       "we take it when the gap is filled, or when the peer acknowledges it",
       {{"FIN_WAIT_1/ESTABLISHED", "FIN_WAIT_1/CLOSE_WAIT"},
        {"FIN_WAIT_2/ESTABLISHED", "FIN_WAIT_2/CLOSE_WAIT"},
        {"TIME_WAIT/FIN_WAIT_1", "TIME_WAIT/LAST_ACK"},
        {"TIME_WAIT/FIN_WAIT_2", "TIME_WAIT/CLOSED"},
        {"ESTABLISHED/FIN_WAIT_2", "CLOSE_WAIT/FIN_WAIT_2"},
        {"FIN_WAIT_1/TIME_WAIT", "LAST_ACK/TIME_WAIT"},
        {"FIN_WAIT_2/TIME_WAIT", "CLOSED/TIME_WAIT"},
        {"FIN_WAIT_2/CLOSED", "TIME_WAIT/CLOSED"}}},
      {"simultaneous open: the SYN/ACK that answers a SYN acknowledges it (RFC "
       "9293 figure 7); mOS waits for one more segment",
       {{"SYN_RCVD/SYN_RCVD", "SYN_RCVD/ESTABLISHED"},
        {"ESTABLISHED/SYN_RCVD", "ESTABLISHED/ESTABLISHED"}}},
      {"an end that sends anything but a SYN has left SYN_SENT, whether its "
       "peer was seen or not",
       {{"SYN_SENT/ESTABLISHED", "ESTABLISHED/ESTABLISHED"},
        {"SYN_SENT/CLOSE_WAIT", "FIN_WAIT_1/CLOSE_WAIT"}}},
      {"SYN+FIN and SYN+RST are no openings", {{"SYN_SENT/SYN_RCVD", kNoFlow}}},
      {"mOS had ended the flow for idleness, which is not the tracker's part",
       {{kNoFlow, "ESTABLISHED/ESTABLISHED"}}},
  };
  return *kRules;
}

// What mOS never looked at: 802.1Q frames and wrong TCP checksums.
const std::map<std::string, size_t>& NotInTrace() {
  static const auto* const kNotInTrace = new std::map<std::string, size_t>{
      {"24_vlan", 4}, {"28_bad_tcp_csum_then_bad_ip_csum", 2}};
  return *kNotInTrace;
}

// The flows of one capture as a worker without mid-stream pick-up keeps them.
class Flows {
 public:
  // Returns the states after the segment.
  std::string Apply(const CapturedSegment& captured) {
    using Key = std::pair<std::string, std::string>;
    const Key backward(captured.destination, captured.source);
    const bool from_server = flows_.contains(backward);
    const Key key =
        from_server ? backward : Key(captured.source, captured.destination);
    const auto side = from_server ? S : C;
    auto flow = flows_.find(key);
    if (flow == flows_.end() ||
        TcpStartsAnew(flow->second, side, captured.segment)) {
      if (TcpClassifyOpening(captured.segment) != TcpOpening::kHandshake) {
        return std::string(kNoFlow);
      }
      TcpOpen(&flows_[key], side, captured.segment);
      return TcpStates(flows_[key]);
    }
    const auto update = TcpApply(&flow->second, side, captured.segment);
    std::string states = TcpStates(flow->second);
    if (update.outcome != TcpOutcome::kOpen) flows_.erase(flow);
    return states;
  }

 private:
  std::map<std::pair<std::string, std::string>, TcpConnection> flows_;
};

bool SamePacket(const CapturedSegment& captured, const TracedSegment& traced) {
  constexpr uint8_t kShown = 0x1f;  // the flags a trace prints
  return captured.segment.seq == traced.seq &&
         captured.segment.ack == traced.ack &&
         (captured.segment.flags & kShown) == traced.flags &&
         captured.segment.payload_length == traced.payload_length;
}

std::vector<std::filesystem::path> Captures() {
  std::vector<std::filesystem::path> captures;
  const auto shared = SharedDirectory();
  if (!shared || !std::filesystem::is_directory(*shared / "mos-traces")) {
    return captures;
  }
  for (const auto& entry :
       std::filesystem::directory_iterator(*shared / "mos-traces")) {
    if (entry.path().extension() == ".pcap") captures.push_back(entry.path());
  }
  std::sort(captures.begin(), captures.end());
  return captures;
}

// Adds the differences met in one capture to `met`; they are all in a rule.
void CompareWithTrace(const std::filesystem::path& capture,
                      std::set<std::pair<std::string, std::string>>* met) {
  SCOPED_TRACE(capture.filename());
  std::filesystem::path trace = capture;
  const auto traced = ReadTrace(trace.replace_extension(".dpdk.trace"));
  Flows flows;
  size_t next = 0;
  size_t not_in_trace = 0;
  for (const CapturedSegment& captured : ReadCapture(capture)) {
    if (next == traced.size() || !SamePacket(captured, traced[next])) {
      ++not_in_trace;
      continue;
    }
    const TracedSegment& theirs = traced[next++];
    const std::string ours = flows.Apply(captured);
    const std::string mos =
        theirs.orphan ? std::string(kNoFlow) : theirs.states;
    if (ours != mos) met->emplace(mos, ours);
  }
  EXPECT_EQ(next, traced.size()) << "packets of the trace were not found";
  const auto expected = NotInTrace().find(capture.stem());
  EXPECT_EQ(not_in_trace,
            expected == NotInTrace().end() ? 0 : expected->second);
}

TEST(TcpTrace, DiffersFromMosOnlyWhereWeMeanTo) {
  const auto captures = Captures();
  if (captures.empty()) GTEST_SKIP() << "no captures in ../shared/mos-traces";
  std::set<std::pair<std::string, std::string>> met;
  for (const auto& capture : captures) CompareWithTrace(capture, &met);

  std::set<std::pair<std::string, std::string>> meant;
  for (const Rule& rule : Rules()) {
    for (const Difference& difference : rule.differences) {
      meant.emplace(difference.mos, difference.ours);
    }
  }
  EXPECT_EQ(met, meant);
}

}  // namespace
}  // namespace mosd::testing
