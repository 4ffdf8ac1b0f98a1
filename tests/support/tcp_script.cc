// See tcp_script.h.
#include "tests/support/tcp_script.h"

#include <sstream>

#include "dataplane/packet/parser.h"

namespace mosd::testing {
namespace {

using dataplane::Side;
using dataplane::TcpConnection;
using dataplane::TcpOutcome;
using dataplane::TcpUpdate;

std::string Marks(const TcpUpdate& update) {
  std::string marks;
  if (update.retransmission) marks += 'r';
  if (!update.in_window) marks += 'x';
  if (update.outcome == TcpOutcome::kOpen) return marks;
  marks += update.outcome == TcpOutcome::kClosed ? 'C' : 'R';
  marks += update.by == Side::kClient ? 'c' : 's';
  return marks;
}

}  // namespace

uint8_t ParseTcpFlags(std::string_view text) {
  uint8_t flags = 0;
  for (const char letter : text) {
    switch (letter) {
      case 'F':
        flags |= dataplane::kTcpFin;
        break;
      case 'S':
        flags |= dataplane::kTcpSyn;
        break;
      case 'R':
        flags |= dataplane::kTcpRst;
        break;
      case 'P':
        flags |= dataplane::kTcpPsh;
        break;
      case 'A':
        flags |= dataplane::kTcpAck;
        break;
      case 'U':
        flags |= dataplane::kTcpUrg;
        break;
      default:
        break;
    }
  }
  return flags;
}

std::string_view TcpStateName(dataplane::TcpState state) {
  static constexpr std::string_view kNames[dataplane::kTcpStates] = {
      "CLOSED",      "LISTEN",     "SYN_SENT",   "SYN_RCVD",
      "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
      "CLOSING",     "LAST_ACK",   "TIME_WAIT"};
  return kNames[static_cast<size_t>(state)];
}

std::string TcpStates(const TcpConnection& connection) {
  std::string states(TcpStateName(connection.end[0].state));
  states += '/';
  return states += TcpStateName(connection.end[1].state);
}

dataplane::TcpSegment MakeSegment(const TcpStep& step, TcpShift shift) {
  const bool from_client = step.sender == C;
  const uint8_t flags = ParseTcpFlags(step.flags);
  constexpr uint8_t kRefusal = dataplane::kTcpRst | dataplane::kTcpAck;
  const bool numberless = flags == kRefusal && step.seq == 0;
  const uint32_t own = from_client ? shift.client : shift.server;
  const uint32_t other = from_client ? shift.server : shift.client;
  return {.seq = numberless ? 0 : step.seq + own,
          .ack = flags & dataplane::kTcpAck ? step.ack + other : 0,
          .payload_length = step.length,
          .window = step.window,
          .flags = flags,
          .window_scale = step.scale};
}

std::string RunScenario(const TcpScenario& scenario, TcpShift shift) {
  TcpConnection connection{};
  bool open = false;
  size_t number = 0;
  for (const TcpStep& step : scenario.steps) {
    ++number;
    const dataplane::TcpSegment segment = MakeSegment(step, shift);
    const std::string before = TcpStates(connection);
    const bool anew =
        open && dataplane::TcpStartsAnew(connection, step.sender, segment);
    const TcpUpdate update =
        open && !anew ? dataplane::TcpApply(&connection, step.sender, segment)
                      : dataplane::TcpOpen(&connection, step.sender, segment);
    open = true;
    const std::string states = TcpStates(connection);
    const std::string marks = (anew ? "n" : "") + Marks(update);
    if (states != step.states || marks != step.marks ||
        (step.offset != kAnyOffset && update.offset != step.offset) ||
        (!anew && update.state_changed != (states != before))) {
      std::ostringstream report;
      report << scenario.name << ", step " << number << ": " << states << " "
             << marks << " offset " << update.offset << " changed "
             << update.state_changed << ", expected " << step.states << " "
             << step.marks << " offset " << step.offset;
      return report.str();
    }
  }
  return "";
}

}  // namespace mosd::testing
