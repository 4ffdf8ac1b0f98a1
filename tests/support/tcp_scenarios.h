// The parts of TcpScenarios() and what they share. Client numbers start at
// 1000, server numbers at 5000.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/tcp_script.h"

namespace mosd::testing {

inline constexpr std::string_view kOpening = "SYN_SENT/SYN_RCVD";
inline constexpr std::string_view kAnswered = "ESTABLISHED/SYN_RCVD";
inline constexpr std::string_view kBoth = "ESTABLISHED/ESTABLISHED";

// A handshake, then `steps`.
std::vector<TcpStep> AfterHandshake(std::vector<TcpStep> steps);

std::vector<TcpScenario> Openings();  // how connections begin
std::vector<TcpScenario> Closings();  // how connections end with FINs
std::vector<TcpScenario>
Resets();  // what ends a connection at once, or must not
std::vector<TcpScenario>
Windows();  // windows, probes, overlaps and segments that count for nothing
std::vector<TcpScenario>
Losses();  // what the observer missed, and where it joined

}  // namespace mosd::testing
