// See tcp_chaos.h.
#include "tests/support/tcp_chaos.h"

#include <iterator>

#include "dataplane/packet/parser.h"

namespace mosd::testing {

using dataplane::kTcpAck;
using dataplane::kTcpFin;
using dataplane::kTcpPsh;
using dataplane::kTcpRst;
using dataplane::kTcpSyn;
using dataplane::Side;
using dataplane::TcpConnection;
using dataplane::TcpEnd;
using dataplane::TcpSegment;

uint32_t TcpChaos::Below(uint32_t limit) {
  return static_cast<uint32_t>(random_()) % limit;
}

Side TcpChaos::NextSide() {
  return Below(2) == 0 ? Side::kClient : Side::kServer;
}

uint32_t TcpChaos::NumberNear(const TcpEnd& end, const TcpEnd& peer) {
  const uint32_t edges[] = {
      end.next_seq,      end.next_seq,
      end.next_seq,      end.acked_seq,
      end.in_order_seq,  end.InitialSeq(),
      peer.window_right, static_cast<uint32_t>(random_())};
  constexpr uint32_t kSteps[] = {0,    0,     0,    0,          0u - 1,    1,
                                 1460, 65536, 5000, 0u - 65536, 0u - 1460, 2};
  return edges[Below(std::size(edges))] + kSteps[Below(std::size(kSteps))];
}

TcpSegment TcpChaos::NextSegment(const TcpConnection& connection, Side sender) {
  constexpr uint8_t kFlags[] = {
      kTcpAck,           kTcpAck,           kTcpAck, kTcpAck,
      kTcpAck | kTcpPsh, kTcpAck | kTcpPsh, kTcpAck, kTcpAck,
      kTcpAck | kTcpFin, kTcpAck | kTcpFin, kTcpSyn, kTcpSyn | kTcpAck,
      kTcpRst,           kTcpRst | kTcpAck};
  constexpr uint32_t kLengths[] = {0, 0, 0, 0, 1, 2, 1460, 1460, 65535};
  constexpr uint16_t kWindows[] = {0, 1, 1000, 8192, 65535};
  const TcpEnd& from = connection.end[Index(sender)];
  const TcpEnd& to = connection.end[Index(Other(sender))];
  TcpSegment segment{};
  segment.seq = NumberNear(from, to);
  segment.ack = NumberNear(to, from);
  segment.payload_length = kLengths[Below(std::size(kLengths))];
  segment.window = kWindows[Below(std::size(kWindows))];
  segment.flags = Below(50) == 0 ? static_cast<uint8_t>(Below(256))
                                 : kFlags[Below(std::size(kFlags))];
  segment.window_scale = Below(3) == 0 ? dataplane::kNoWindowScale
                                       : static_cast<uint8_t>(Below(16));
  return segment;
}

}  // namespace mosd::testing
