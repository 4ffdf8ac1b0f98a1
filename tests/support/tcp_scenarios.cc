// The connections that the tracker is tried on. Client numbers start at 1000,
// server numbers at 5000.
#include "tests/support/tcp_script.h"

namespace mosd::testing {
namespace {

constexpr std::string_view kOpening = "SYN_SENT/SYN_RCVD";
constexpr std::string_view kAnswered = "ESTABLISHED/SYN_RCVD";
constexpr std::string_view kBoth = "ESTABLISHED/ESTABLISHED";

// A handshake, then `steps`.
std::vector<TcpStep> AfterHandshake(std::vector<TcpStep> steps) {
  std::vector<TcpStep> all = {
      {C, "S", 1000, 0, 0, kOpening, "", 0},
      {S, "SA", 5000, 1001, 0, kAnswered, "", 0},
      {C, "A", 1001, 5001, 0, kBoth, "", 0},
  };
  all.insert(all.end(), steps.begin(), steps.end());
  return all;
}

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
       AfterHandshake({
           {C, "PA", 101001, 5001, 10, kBoth, "x", 100000},
           {S, "A", 5001, 101011, 0, kBoth, "x"},
           {C, "PA", 101011, 5001, 10, kBoth, "x"},
           {C, "PA", 101021, 5001, 10, kBoth, "x"},
           {C, "PA", 101031, 5001, 10, kBoth, "x"},
           {C, "PA", 101041, 5001, 10, kBoth, "x"},
           {C, "PA", 101051, 5001, 10, kBoth, "x"},
           {C, "PA", 101061, 5001, 10, kBoth, "x"},
           {C, "PA", 101071, 5001, 10, kBoth, "", 100070},
           {S, "A", 5001, 101081, 0, kBoth},
           {C, "FA", 101081, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
       })},
      {"a burst of more than the window missed, both ways",
       AfterHandshake({
           {C, "PA", 101001, 205001, 10, kBoth, "x", 100000},
           {C, "PA", 101011, 205001, 10, kBoth, "x"},
           {C, "PA", 101021, 205001, 10, kBoth, "x"},
           {C, "PA", 101031, 205001, 10, kBoth, "x"},
           {C, "PA", 101041, 205001, 10, kBoth, "x"},
           {C, "PA", 101051, 205001, 10, kBoth, "x"},
           {C, "PA", 101061, 205001, 10, kBoth, "x"},
           {C, "PA", 101071, 205001, 10, kBoth, "", 100070},
           {S, "PA", 205001, 101081, 10, kBoth, "", 200000},
           {S, "FA", 205011, 101081, 0, "CLOSE_WAIT/FIN_WAIT_1"},
       })},
      {"the server is no longer seen: its last window does not bind for ever",
       AfterHandshake({
           {C, "A", 10001, 5001, 1000, kBoth, "x"},
           {C, "A", 11001, 5001, 1000, kBoth, "x"},
           {C, "A", 12001, 5001, 1000, kBoth, "x"},
           {C, "A", 13001, 5001, 1000, kBoth, "x"},
           {C, "A", 14001, 5001, 1000, kBoth, "x"},
           {C, "A", 15001, 5001, 1000, kBoth, "x"},
           {C, "A", 16001, 5001, 1000, kBoth, "x"},
           {C, "A", 17001, 5001, 1000, kBoth, "", 16000},
           {C, "A", 18001, 5001, 1000, kBoth, "", 17000},
           {C, "FA", 19001, 5001, 0, "FIN_WAIT_1/CLOSE_WAIT"},
       })},
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

}  // namespace

const std::vector<TcpScenario>& TcpScenarios() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<TcpScenario>;
    for (const auto& part :
         {Openings(), Closings(), Resets(), Windows(), Losses()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *kAll;
}

}  // namespace mosd::testing
