// What ends a connection at once, or must not. See tcp_scenarios.h.
#include "tests/support/tcp_scenarios.h"

namespace mosd::testing {

std::vector<TcpScenario> Resets() {
  return {
      {"connection refused",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "RA", 0, 1001, 0, "CLOSED/CLOSED", "Rs"},
           {C, "S", 1000, 0, 0, "CLOSED/CLOSED", "rRs"},
           {C, "S", 2000, 0, 0, kOpening, "n"},
       }},
      {"a refusal must acknowledge the SYN",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "R", 0, 0, 0, kOpening, "x"},
           {S, "RA", 0, 1000, 0, kOpening, "x"},
           {S, "RA", 0, 1002, 0, kOpening, "x"},
       }},
      {"half-open scan",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {S, "SA", 5000, 1001, 0, kAnswered},
           {C, "R", 1001, 0, 0, "CLOSED/CLOSED", "Rc"},
       }},
      {"a half-open connection is not reset at the SYN's own number",
       {
           {C, "S", 1000, 0, 0, kOpening},
           {C, "R", 1000, 0, 0, kOpening, "x"},
           {C, "R", 1001, 0, 0, "CLOSED/CLOSED", "Rc"},
       }},
      {"reset of an established connection",
       AfterHandshake({
           {C, "PA", 1001, 5001, 10, kBoth},
           {S, "R", 5002, 0, 0, kBoth, "x"},
           {S, "R", 5000, 0, 0, kBoth, "x"},
           {S, "R", 0, 0, 0, kBoth, "x"},
           {S, "R", 5001, 0, 0, "CLOSED/CLOSED", "Rs"},
           {C, "A", 1011, 5001, 0, "CLOSED/CLOSED", "Rs"},
       })},
      {"reset where the receiver may be, but no further",
       AfterHandshake({
           {C, "PA", 1001, 5001, 10, kBoth},
           {C, "PA", 1011, 5001, 10, kBoth},
           {S, "A", 5001, 1011, 0, kBoth},
           {C, "R", 1010, 0, 0, kBoth, "x"},
           {C, "R", 1022, 0, 0, kBoth, "x"},
           {C, "R", 1021, 0, 0, "CLOSED/CLOSED", "Rc"},
       })},
      {"reset at the last acknowledged byte",
       AfterHandshake({
           {C, "PA", 1001, 5001, 10, kBoth},
           {C, "R", 1001, 0, 0, "CLOSED/CLOSED", "Rc"},
       })},
      {"reset by a stack that went back to retransmit",
       AfterHandshake({
           {C, "PA", 1001, 5001, 1000, kBoth},
           {C, "PA", 2001, 5001, 1000, kBoth},
           {C, "PA", 1001, 5001, 1000, kBoth, "r"},
           {C, "RA", 2001, 5001, 0, "CLOSED/CLOSED", "Rc"},
       })},
      {"reset within the window of a stream with a gap",
       AfterHandshake({
           {C, "PA", 1011, 5001, 10, kBoth},
           {C, "R", 9999, 0, 0, kBoth, "x"},
           {C, "R", 1500, 0, 0, "CLOSED/CLOSED", "Rc"},
       })},
      {"reset instead of the last acknowledgement",
       AfterHandshake({
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {S, "FA", 5001, 1002, 0, "TIME_WAIT/LAST_ACK"},
           {C, "R", 1002, 0, 0, "CLOSED/CLOSED", "Rc"},
       })},
      {"a reset in TIME_WAIT changes nothing",
       AfterHandshake({
           {C, "FA", 1001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
           {S, "FA", 5001, 1002, 0, "TIME_WAIT/LAST_ACK"},
           {C, "A", 1002, 5002, 0, "TIME_WAIT/CLOSED", "Cc"},
           {S, "R", 5002, 0, 0, "TIME_WAIT/CLOSED", "Cc"},
       })},
      {"a rebooted client: SYN, challenge, reset, SYN",
       AfterHandshake({
           {C, "S", 700000, 0, 0, kBoth, "x"},
           {S, "A", 5001, 1001, 0, kBoth},
           {C, "R", 1001, 0, 0, "CLOSED/CLOSED", "Rc"},
           {C, "S", 700000, 0, 0, kOpening, "n"},
       })},
      {"both forgot: the SYN is answered",
       AfterHandshake({
           {C, "S", 700000, 0, 0, kBoth, "x"},
           {S, "SA", 900000, 700001, 0, kAnswered, "n"},
           {C, "PA", 700001, 900001, 10, kBoth, "", 0},
       })},
      {"a SYN/ACK that nobody asked for",
       AfterHandshake({
           {S, "SA", 900000, 700001, 0, kBoth, "x"},
           {S, "SA", 900000, 1001, 0, kBoth, "x"},
       })},
  };
}

}  // namespace mosd::testing
