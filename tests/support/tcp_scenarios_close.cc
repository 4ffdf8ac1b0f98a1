// How connections end with FINs. See tcp_scenarios.h.
#include "tests/support/tcp_scenarios.h"

namespace mosd::testing {

std::vector<TcpScenario> Closings() {
  return {
      {"half-close with data still flowing",
       AfterHandshake({
           {C, "FA", 1001, 5001, 10, "FIN_WAIT_1/CLOSE_WAIT", "", 0},
           {S, "A", 5001, 1012, 0, "FIN_WAIT_2/CLOSE_WAIT"},
           {S, "PA", 5001, 1012, 1000, "FIN_WAIT_2/CLOSE_WAIT", "", 0},
           {C, "A", 1012, 6001, 0, "FIN_WAIT_2/CLOSE_WAIT"},
           {S, "PA", 6001, 1012, 1000, "FIN_WAIT_2/CLOSE_WAIT", "", 1000},
           {S, "FA", 7001, 1012, 0, "TIME_WAIT/LAST_ACK"},
           {C, "A", 1012, 7002, 0, "TIME_WAIT/CLOSED", "Cc"},
       })},
      {"close by server, FIN with acknowledgement",
       AfterHandshake({
           {S, "FA", 5001, 1001, 0, "CLOSE_WAIT/FIN_WAIT_1"},
           {C, "FA", 1001, 5002, 0, "LAST_ACK/TIME_WAIT"},
           {S, "A", 5002, 1002, 0, "CLOSED/TIME_WAIT", "Cs"},
       })},
      {"simultaneous close",
       AfterHandshake({
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {S, "FA", 5001, 1001, 0, "CLOSING/CLOSING"},
           {C, "A", 1002, 5002, 0, "CLOSING/TIME_WAIT"},
           {S, "A", 5002, 1002, 0, "TIME_WAIT/TIME_WAIT", "Cc"},
       })},
      {"retransmitted FINs",
       AfterHandshake({
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT", "r"},
           {S, "FA", 5001, 1002, 0, "TIME_WAIT/LAST_ACK"},
           {S, "FA", 5001, 1002, 0, "TIME_WAIT/LAST_ACK", "r"},
           {C, "A", 1002, 5002, 0, "TIME_WAIT/CLOSED", "Cc"},
       })},
      {"FIN beyond a gap, which is then filled",
       AfterHandshake({
           {C, "FA", 1021, 5001, 0, "FIN_WAIT_1/ESTABLISHED", "", 20},
           {C, "PA", 1001, 5001, 10, "FIN_WAIT_1/ESTABLISHED", "r", 0},
           {C, "PA", 1011, 5001, 10, "FIN_WAIT_1/CLOSE_WAIT", "r", 10},
           {S, "A", 5001, 1022, 0, "FIN_WAIT_2/CLOSE_WAIT"},
       })},
      {"FIN beyond a gap that only the receiver saw filled",
       AfterHandshake({
           {C, "FA", 1021, 5001, 0, "FIN_WAIT_1/ESTABLISHED"},
           {S, "FA", 5001, 1022, 0, "TIME_WAIT/LAST_ACK"},
           {C, "A", 1022, 5002, 0, "TIME_WAIT/CLOSED", "Cc"},
       })},
      {"FINs cross, the client's beyond a gap",
       AfterHandshake({
           {C, "FA", 1011, 5001, 0, "FIN_WAIT_1/ESTABLISHED"},
           {S, "FA", 5001, 1001, 0, "CLOSING/FIN_WAIT_1"},
           {C, "PA", 1001, 5002, 10, "CLOSING/TIME_WAIT", "r"},
           {S, "A", 5002, 1012, 0, "TIME_WAIT/TIME_WAIT", "Cc"},
       })},
      {"nothing follows a FIN",
       AfterHandshake({
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {C, "PA", 1002, 5001, 10, "FIN_WAIT_1/CLOSE_WAIT", "x"},
           {C, "FA", 1011, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT", "x"},
           {S, "A", 5001, 1003, 0, "FIN_WAIT_1/CLOSE_WAIT", "x"},
       })},
      {"a FIN comes last",
       AfterHandshake({
           {C, "PA", 1001, 5001, 1000, kBoth},
           {C, "FA", 1001, 5001, 10, kBoth, "x"},
           {C, "FA", 1001, 5001, 1000, "FIN_WAIT_1/CLOSE_WAIT", "r"},
           {C, "FA", 1501, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT", "x"},
           {C, "FA", 1501, 5001, 500, "FIN_WAIT_1/CLOSE_WAIT", "r"},
       })},
      {"client closes before the handshake is seen to end",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "SA", 5000, 1001, 0, kAnswered},
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
       }},
      {"server closes at once",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "SA", 5000, 1001, 0, kAnswered},
           {S, "FA", 5001, 1001, 0, "CLOSE_WAIT/FIN_WAIT_1"},
           {C, "A", 1001, 5002, 0, "CLOSE_WAIT/FIN_WAIT_2"},
       }},
      {"a new SYN after the close",
       AfterHandshake({
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {S, "FA", 5001, 1002, 0, "TIME_WAIT/LAST_ACK"},
           {C, "S", 900, 0, 0, "TIME_WAIT/LAST_ACK", "x"},
           {C, "S", 3000, 0, 0, kOpening, "n"},
           {S, "SA", 9000, 3001, 0, kAnswered},
       })},
  };
}

}  // namespace mosd::testing
