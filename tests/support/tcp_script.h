// Connections written down as tables of segments, each with what the tracker
// must make of it. Numbers are those of the script: `Shift` moves a whole
// script to other initial sequence numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::testing {

inline constexpr dataplane::Side C = dataplane::Side::kClient;
inline constexpr dataplane::Side S = dataplane::Side::kServer;

// Offset that a step does not care about.
inline constexpr uint64_t kAnyOffset = ~uint64_t{0};

struct TcpStep {
  dataplane::Side sender;
  std::string_view flags;  // of "SAFRPU"
  uint32_t seq;
  uint32_t ack;
  uint32_t length;
  std::string_view states;  // "CLIENT/SERVER" after the segment
  // What else the update says: r retransmission, x not in window, C closed or
  // R reset by client, c or s the same by server ("Cc", "Rs"); n: it starts
  // a new connection instead (which the following steps belong to).
  std::string_view marks = "";
  uint64_t offset = kAnyOffset;
  uint16_t window = 8192;
  uint8_t scale = 0xff;  // of a SYN; 0xff: no option
};

struct TcpScenario {
  std::string_view name;
  std::vector<TcpStep> steps;
};

// What the script does not say of its initial numbers.
struct TcpShift {
  uint32_t client = 0;
  uint32_t server = 0;
};

// All scenarios there are (tcp_scenarios.cc).
const std::vector<TcpScenario>& TcpScenarios();

// The segment of a step. A RST/ACK with sequence number 0 is not shifted: its
// sender knows no number.
dataplane::TcpSegment MakeSegment(const TcpStep& step, TcpShift shift = {});

uint8_t ParseTcpFlags(std::string_view text);
std::string_view TcpStateName(dataplane::TcpState state);
std::string TcpStates(const dataplane::TcpConnection& connection);

// Runs a scenario. Returns "" or what went wrong at which step.
std::string RunScenario(const TcpScenario& scenario, TcpShift shift = {});

}  // namespace mosd::testing
