// How connections begin. See tcp_scenarios.h.
#include "tests/support/tcp_scenarios.h"

namespace mosd::testing {

std::vector<TcpScenario> Openings() {
  return {
      {"handshake, data, close by client",
       AfterHandshake({
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
           {S, "A", 5001, 1011, 0, kBoth},
           {S, "PA", 5001, 1011, 20, kBoth, "", 0},
           {C, "A", 1011, 5021, 0, kBoth, "", 10},
           {C, "FA", 1011, 5021, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {S, "A", 5021, 1012, 0, "FIN_WAIT_2/CLOSE_WAIT"},
           {S, "FA", 5021, 1012, 0, "TIME_WAIT/LAST_ACK"},
           {C, "A", 1012, 5022, 0, "TIME_WAIT/CLOSED", "Cc"},
           {S, "FA", 5021, 1012, 0, "TIME_WAIT/CLOSED", "rCc"},
           {C, "A", 1012, 5022, 0, "TIME_WAIT/CLOSED", "Cc"},
       })},
      {"retransmitted SYN and SYN/ACK",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {C, "S", 1000, 0, 0, kOpening, "r"},
           {S, "SA", 5000, 1001, 0, kAnswered},
           {S, "SA", 5000, 1001, 0, kAnswered, "r"},
           {C, "A", 1001, 5001, 0, kBoth},
           {S, "SA", 5000, 1001, 0, kBoth, "r"},
           {C, "S", 1000, 0, 0, kBoth, "r"},
       }},
      {"simultaneous open",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "S", 5000, 0, 0, "SYN_RCVD/SYN_RCVD"},
           {C, "SA", 1000, 5001, 0, "SYN_RCVD/ESTABLISHED"},
           {S, "SA", 5000, 1001, 0, kBoth},
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
       }},
      {"split handshake: the SYN comes after its acknowledgement",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "A", 9000, 1001, 0, kOpening, "x"},
           {S, "S", 5000, 0, 0, "SYN_RCVD/SYN_RCVD"},
           {C, "SA", 1000, 5001, 0, "SYN_RCVD/ESTABLISHED"},
           {S, "A", 5001, 1001, 0, kBoth},
       }},
      {"fast open: data on SYN, answer before the handshake ends",
       {
           {C, "S", 1000, 0, 100, kOpening, "", 0},
           {S, "SA", 5000, 1101, 0, kAnswered},
           {S, "PA", 5001, 1101, 50, kAnswered, "", 0},
           {C, "A", 1101, 5051, 0, kBoth, "", 100},
       }},
      {"fast open refused: the data is sent again",
       {
           {C, "S", 1000, 0, 100, kOpening, "", 0},
           {S, "SA", 5000, 1001, 0, kAnswered},
           {C, "PA", 1001, 5001, 100, kBoth, "r", 0},
           {S, "A", 5001, 1101, 0, kBoth},
       }},
      {"data on SYN/ACK",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "SA", 5000, 1001, 10, kAnswered, "", 0},
           {C, "A", 1001, 5011, 0, kBoth},
           {S, "PA", 5011, 1001, 10, kBoth, "", 10},
       }},
      {"client tries again with another number",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {C, "S", 2000, 0, 0, kOpening, "n"},
           {S, "SA", 5000, 2001, 0, kAnswered},
       }},
      {"a SYN/ACK of another SYN does not count",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "SA", 5000, 1500, 0, kOpening, "x"},
           {S, "SA", 5000, 1000, 0, kOpening, "x"},
           {S, "SA", 5000, 1001, 0, kAnswered},
       }},
      {"a stale server's challenge does not count",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "A", 70000, 90000, 0, kOpening, "x"},
           {C, "R", 90000, 0, 0, kOpening, "x"},
           {C, "S", 1000, 0, 0, kOpening, "r"},
           {S, "SA", 5000, 1001, 0, kAnswered},
       }},
      {"SYN cookies: another number for the retransmitted SYN",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "SA", 5000, 1001, 0, kAnswered},
           {C, "S", 1000, 0, 0, kAnswered, "r"},
           {S, "SA", 9000, 1001, 0, kAnswered},
           {C, "PA", 1001, 9001, 10, kBoth, "", 0},
           {S, "PA", 9001, 1011, 10, kBoth, "", 0},
       }},
      {"nonsense opens nothing", {{C, "SF", 1000, 0, 0, "CLOSED/CLOSED", "x"}}},
  };
}

}  // namespace mosd::testing
