#include "tests/support/api/wire.h"

#include "tests/support/packet.h"

namespace mosd::testing {
namespace {

using dataplane::Index;
using dataplane::Other;
using dataplane::Side;

constexpr uint32_t kInitialSeqs[] = {1'000, 500'000, 0xffffff00, 0x7ffffff0};

// How far from where it should be a segment begins.
int32_t Shift(uint8_t from) {
  return from % 2 == 0 ? 0 : static_cast<int8_t>(from) * 97;
}

}  // namespace

Bytes PayloadFrom(uint32_t seq, size_t bytes) {
  Bytes payload(bytes);
  for (uint8_t& byte : payload) byte = PayloadByteAt(seq++);
  return payload;
}

Bytes Wire::Segment(size_t connection, Side sender, std::string_view flags,
                    uint32_t seq, uint32_t ack, size_t payload_bytes) const {
  const bool client = sender == Side::kClient;
  const auto port = static_cast<uint16_t>(40'000 + connection);
  const bool ipv6 = connection == kConnections - 1;
  const char* const addresses[] = {ipv6 ? "2001:db8::1" : "10.0.0.1",
                                   ipv6 ? "2001:db8::2" : "10.0.0.2"};
  Packet packet;
  ipv6 ? packet.Ipv6(addresses[!client], addresses[client])
       : packet.Ipv4(addresses[!client], addresses[client]);
  const uint8_t bits = ParseTcpFlags(flags);
  const bool syn = (bits & ParseTcpFlags("S")) != 0;
  return packet.Tcp(client ? port : 80, client ? 80 : port)
      .Flags(bits)
      .Seq(seq)
      .Ack(ack)
      .Payload(PayloadFrom(syn ? seq + 1 : seq, payload_bytes))
      .Build();
}

size_t Wire::Open(Input* input, size_t connection, WireFrame* frames) {
  Connection& ends = connections_[connection];
  for (size_t i = 0; i < 2; ++i) {
    ends.initial[i] = input->OneOf(kInitialSeqs);
    ends.next[i] = ends.initial[i] + 1;
  }
  frames[0].bytes =
      Segment(connection, Side::kClient, "S", ends.initial[0], 0, 0);
  frames[1].bytes = Segment(connection, Side::kServer, "SA", ends.initial[1],
                            ends.next[0], 0);
  frames[2].bytes =
      Segment(connection, Side::kClient, "A", ends.next[0], ends.next[1], 0);
  return 3;
}

Bytes Wire::Data(Input* input, size_t connection, Side sender,
                 std::string_view flags) {
  Connection& ends = connections_[connection];
  uint32_t& next = ends.next[Index(sender)];
  const uint32_t seq = next + static_cast<uint32_t>(Shift(input->Next()));
  const uint32_t bytes = uint32_t{input->Next()} * 6;
  const uint32_t end = seq + bytes + (flags == "FA" ? 1 : 0);
  if (static_cast<int32_t>(end - next) > 0) next = end;
  return Segment(connection, sender, flags, seq,
                 ends.next[Index(Other(sender))], bytes);
}

size_t Wire::Make(Input* input, WireFrame* frames) {
  const uint8_t step = input->Next();
  const size_t connection = step % kConnections;
  const Side sender =
      step / kConnections % 2 == 0 ? Side::kClient : Side::kServer;
  Connection& ends = connections_[connection];
  const uint32_t mine = ends.next[Index(sender)];
  const uint32_t theirs = ends.next[Index(Other(sender))];
  WireFrame& frame = frames[0];
  switch (step / (2 * kConnections)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Open(input, connection, frames);
    case 4:  // bytes that were acknowledged and never seen
      ends.next[Index(sender)] += input->Next();
      frame.bytes = Segment(connection, Other(sender), "A", theirs,
                            ends.next[Index(sender)], 0);
      return 1;
    case 5:
      frame.bytes =
          Segment(connection, sender, "A", mine,
                  theirs + static_cast<uint32_t>(Shift(input->Next())), 0);
      return 1;
    case 6:
    case 7:
      frame.bytes = Data(input, connection, sender, "FA");
      return 1;
    case 8:
      frame.bytes = Segment(connection, sender, "R", mine, 0, 0);
      return 1;
    case 9:
      frame.bytes = Segment(connection, sender, "RA",
                            mine + static_cast<uint32_t>(Shift(input->Next())),
                            theirs, input->Next());
      return 1;
    case 10:  // the SYN again, perhaps with bytes
      frame.bytes = Segment(connection, sender, "S",
                            ends.initial[Index(sender)], 0, input->Next());
      return 1;
    case 11:  // of another connection
      ends.initial[Index(sender)] = input->OneOf(kInitialSeqs);
      ends.next[Index(sender)] = ends.initial[Index(sender)] + 1;
      frame.bytes =
          Segment(connection, sender, "S", ends.initial[Index(sender)], 0, 0);
      return 1;
    case 12:
      frame.bytes = Segment(connection, sender, "SA",
                            ends.initial[Index(sender)], theirs, 0);
      return 1;
    case 13:
      frame.bytes = Packet().Ipv4("10.0.0.1", "10.0.0.2").Udp(53, 53).Build();
      return 1;
    case 14: {  // cut by who captured it
      frame.bytes = Data(input, connection, sender, "A");
      frame.wire_length = static_cast<uint32_t>(frame.bytes.size());
      frame.bytes.resize(frame.bytes.size() -
                         input->Next() % frame.bytes.size());
      return 1;
    }
    default:
      frame.bytes = Data(input, connection, sender, "A");
      if (step >= 240) frame.split = 1 + input->Next() * size_t{6};
      return 1;
  }
}

}  // namespace mosd::testing
