// What the observer missed, and where it joined. See tcp_scenarios.h.
#include "tests/support/tcp_scenarios.h"

namespace mosd::testing {

namespace {

// Eight client segments of 10 bytes that do not fit, until the last does.
std::vector<TcpStep> Burst(uint32_t seq, uint32_t ack, uint64_t offset) {
  std::vector<TcpStep> steps;
  for (uint32_t i = 0; i < 8; ++i) {
    steps.push_back({C, "PA", seq + 10 * i, ack, 10, kBoth, i < 7 ? "x" : ""});
  }
  steps.back().offset = offset + 70;
  return steps;
}

std::vector<TcpStep> Join(std::vector<TcpStep> first,
                          const std::vector<TcpStep>& second,
                          const std::vector<TcpStep>& third) {
  first.insert(first.end(), second.begin(), second.end());
  first.insert(first.end(), third.begin(), third.end());
  return first;
}

}  // namespace

std::vector<TcpScenario> Losses() {
  return {
      {"client seen alone",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {C, "A", 1001, 5001, 0, kBoth},
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
           {C, "PA", 1011, 5500, 10, kBoth, "", 10},
           {C, "FA", 1021, 5900, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {C, "A", 1022, 5901, 0, "FIN_WAIT_1/CLOSE_WAIT"},
       }},
      {"server seen alone",
       {
           {S, "SA", 5000, 1001, 0, kAnswered},
           {S, "A", 5001, 1201, 0, kBoth, "", 0},
           {S, "PA", 5001, 1201, 1000, kBoth, "", 0},
           {S, "FA", 6001, 1201, 0, "CLOSE_WAIT/FIN_WAIT_1"},
       }},
      {"SYN/ACK missed",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "PA", 5001, 1001, 10, kBoth, "", 0},
       }},
      {"SYN/ACK late",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
           {S, "SA", 5000, 1001, 0, kBoth, "", 0},
           {S, "PA", 5001, 1011, 10, kBoth, "", 0},
       }},
      {"bytes acknowledged that were never seen",
       AfterHandshake({
           {C, "PA", 1001, 5001, 10, kBoth},
           {S, "A", 5001, 2011, 0, kBoth},
           {C, "PA", 2011, 5001, 10, kBoth, "", 1010},
           {C, "PA", 2001, 5001, 20, kBoth, "r", 1000},
           {C, "FA", 2021, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
       })},
      {"a burst of more than the window missed",
       AfterHandshake(Join(
           {{S, "A", 5001, 101001, 0, kBoth, "x"}}, Burst(101001, 5001, 100000),
           {{S, "A", 5001, 101081, 0, kBoth},
            {C, "FA", 101081, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"}}))},
      {"a burst of more than the window missed, both ways",
       AfterHandshake(
           Join({}, Burst(101001, 205001, 100000),
                {{S, "PA", 205001, 101081, 10, kBoth, "", 200000},
                 {S, "FA", 205011, 101081, 0, "CLOSE_WAIT/FIN_WAIT_1"}}))},
      {"the server is no longer seen: its last window does not bind for ever",
       AfterHandshake(
           Join({}, Burst(10001, 5001, 9000),
                {{C, "A", 10081, 5001, 60000, kBoth, "", 9080},
                 {C, "A", 70081, 5001, 60000, kBoth, "", 69080},
                 {C, "FA", 130081, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"}}))},
      {"misled by a forged burst, back on the true stream",
       AfterHandshake(
           Join(Burst(500001, 905001, 499000), Burst(1001, 5001, 0),
                {{S, "PA", 5001, 1081, 10, kBoth, "", 0},
                 {C, "FA", 1081, 5011, 0, "FIN_WAIT_1/CLOSE_WAIT", "", 80}}))},
      {"mid-stream at data",
       {
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
           {S, "A", 5001, 1011, 0, kBoth, "", 0},
           {S, "PA", 5001, 1011, 10, kBoth, "", 0},
           {C, "FA", 1011, 5011, 0, "FIN_WAIT_1/CLOSE_WAIT", "", 10},
           {S, "FA", 5011, 1012, 0, "TIME_WAIT/LAST_ACK", "", 10},
           {C, "A", 1012, 5012, 0, "TIME_WAIT/CLOSED", "Cc"},
       }},
      {"mid-stream: before the first byte seen",
       {
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
           {C, "PA", 901, 5001, 10, kBoth, "r", 0},
           {S, "PA", 4901, 1011, 50, kBoth, "r", 0},
           {S, "PA", 5001, 1011, 10, kBoth, "", 100},
       }},
      {"mid-stream at a window that must be scaled",
       {
           {C, "A", 1001, 5001, 0, kBoth, "", 0, 100},
           {S, "A", 5001 + 1000000, 1001, 100, kBoth, "", 0, 100},
       }},
      {"mid-stream at SYN/ACK",
       {
           {S, "SA", 5000, 1001, 0, kAnswered, "", 0},
           {C, "A", 1001, 5001, 0, kBoth},
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
       }},
      {"mid-stream at FIN",
       {
           {S, "FA", 5001, 1001, 100, "CLOSE_WAIT/FIN_WAIT_1", "", 0},
           {C, "FA", 1001, 5102, 0, "LAST_ACK/TIME_WAIT"},
           {S, "A", 5102, 1002, 0, "CLOSED/TIME_WAIT", "Cs"},
       }},
  };
}

}  // namespace mosd::testing
