// Windows, probes, overlaps and segments that count for nothing. See
// tcp_scenarios.h.
#include "tests/support/tcp_scenarios.h"

namespace mosd::testing {

std::vector<TcpScenario> Windows() {
  return {
      {"a segment beyond the window",
       AfterHandshake({
           {C, "PA", 1001, 5001, 1000, kBoth, "", 0},
           {C, "PA", 22001, 5001, 1000, kBoth, "x", 21000},
           {C, "FA", 22001, 5001, 0, kBoth, "x"},
           {C, "PA", 2001, 5001, 1000, kBoth, "", 1000},
           {S, "A", 5001, 3001, 0, kBoth},
       })},
      {"window scaling",
       {
           {C, "S", 1000, 0, 0, kOpening, "", 0, 8192, 7},
           {S, "SA", 5000, 1001, 0, kAnswered, "", 0, 8192, 4},
           {C, "A", 1001, 5001, 0, kBoth, "", 0, 64},
           {S, "A", 5001, 1001, 0, kBoth, "", 0, 4096},
           {C, "A", 1001 + 65536, 5001, 10, kBoth, "", 65536, 64},
           {C, "A", 1001 + 65537, 5001, 10, kBoth, "x", 65537},
           {S, "A", 5001 + 8192, 1001, 10, kBoth, "", 8192},
           {S, "A", 5001 + 8193, 1001, 10, kBoth, "x", 8193},
       }},
      {"only one end scales: none does",
       {
           {C, "S", 1000, 0, 0, kOpening, "", 0, 8192, 7},
           {S, "SA", 5000, 1001, 0, kAnswered, "", 0, 8192},
           {C, "A", 1001, 5001, 0, kBoth, "", 0, 64},
           {S, "A", 5001 + 8192, 1001, 10, kBoth, "x"},
       }},
      {"a scale that was not asked for does not count",
       {
           {C, "S", 1000, 0, 0, kOpening, "", 0, 8192},
           {S, "SA", 5000, 1001, 0, kAnswered, "", 0, 8192, 4},
           {S, "A", 5001, 1001, 0, kBoth, "", 0, 8192},
           {C, "A", 1001, 5001, 0, kBoth, "", 0, 8192},
           {C, "A", 1001 + 8193, 5001, 10, kBoth, "x"},
       }},
      {"keep-alives are no retransmissions, one byte not yet acknowledged is",
       AfterHandshake({
           {C, "PA", 1001, 5001, 10, kBoth},
           {C, "A", 1010, 5001, 1, kBoth, "r", 9},
           {S, "A", 5001, 1011, 0, kBoth},
           {C, "A", 1010, 5001, 0, kBoth, "", 9},
           {S, "A", 5001, 1011, 0, kBoth},
           {C, "A", 1010, 5001, 1, kBoth, "", 9},
           {S, "A", 5000, 1011, 0, kBoth, "", 0},
           {C, "PA", 1011, 5001, 10, kBoth, "", 10},
       })},
      {"zero window and its probes",
       AfterHandshake({
           {C, "PA", 1001, 5001, 8192, kBoth},
           {S, "A", 5001, 9193, 0, kBoth, "", 0, 0},
           {C, "A", 9193, 5001, 1, kBoth, "", 8192},
           {S, "A", 5001, 9193, 0, kBoth, "", 0, 0},
           {C, "A", 9193, 5001, 1, kBoth, "", 8192},
           {C, "A", 9193 + 1, 5001, 10, kBoth, "x"},
           {S, "A", 5001, 9193, 0, kBoth, "", 0, 4096},
           {C, "PA", 9193, 5001, 100, kBoth, "r", 8192},
       })},
      {"overlaps", AfterHandshake({
                       {C, "PA", 1001, 5001, 10, kBoth, "", 0},
                       {C, "PA", 1006, 5001, 10, kBoth, "r", 5},
                       {C, "PA", 1001, 5001, 20, kBoth, "r", 0},
                       {S, "A", 5001, 1021, 0, kBoth},
                   })},
      {"no acknowledgement, no effect",
       AfterHandshake({
           {C, "P", 1001, 0, 10, kBoth, "x"},
           {C, "F", 1001, 0, 0, kBoth, "x"},
           {C, "", 1001, 0, 10, kBoth, "x"},
           {C, "SFA", 1001, 5001, 0, kBoth, "x"},
           {C, "SRA", 1001, 5001, 0, kBoth, "x"},
           {C, "PA", 1001, 5001, 10, kBoth, "", 0},
       })},
      {"an acknowledgement beyond the window",
       AfterHandshake({
           {C, "A", 1001, 5001 + 8193, 0, kBoth, "x"},
           {C, "A", 1001, 5001u - 65537u, 0, kBoth, "x"},
       })},
  };
}

}  // namespace mosd::testing
