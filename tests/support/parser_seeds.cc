#include "tests/support/parser_seeds.h"

#include <string>

#include "tests/support/packet.h"

namespace mosd::testing {
namespace {

constexpr uint8_t kSyn = 0x02;

void AddIpv4(std::vector<Bytes>* seeds) {
  const Packet ip = Packet().Eth().Ipv4("10.0.0.1", "10.0.0.2");
  const Packet tcp = Packet(ip).Tcp(1234, 80).Seq(1).Ack(2);
  const Packet syn = Packet(tcp).Flags(kSyn).Mss(1460).WindowScale(7);
  for (const Packet& packet :
       {Packet(tcp).Payload("payload"), Packet(tcp).Pad(60), syn,
        Packet(syn).Vlan(5), Packet(syn).Vlan(5, 0x88a8).Vlan(6),
        Packet(syn).Vlan(5, 0x9100).Vlan(6).Vlan(7),
        Packet(syn).IpOptions(Bytes(8, 1)), Packet(tcp).IpTotalLength(0),
        Packet(tcp).Payload(std::string(600, 'x')),
        Packet(tcp).Fragment(3, true), Packet(ip).Udp(53, 53),
        Packet(ip).Icmp(), Packet(ip).Protocol(47)}) {
    seeds->push_back(packet.Build());
  }
}

void AddIpv6(std::vector<Bytes>* seeds) {
  const Packet ip = Packet().Eth().Ipv6("fd00::1", "fd00::2");
  const Packet tcp = Packet(ip).Tcp(1234, 80).Seq(1).Ack(2).Payload("payload");
  const Packet syn = Packet(tcp).Flags(kSyn).WindowScale(7);
  Packet nine = tcp;
  for (int i = 0; i < 9; ++i) nine.DestinationOptions();
  for (const Packet& packet :
       {tcp, syn, Packet(syn).Vlan(5).Vlan(6), Packet(syn).HopByHop(),
        Packet(syn).HopByHop({5, 2, 0, 0}).Routing().Fragment(0, false),
        Packet(syn).DestinationOptions(Bytes(20)).Authentication(),
        Packet(tcp).Fragment(3, true), Packet(tcp).Ipv6PayloadLength(0),
        Packet(tcp).HopByHop({0xc2, 4, 0, 1, 0, 0}).Ipv6PayloadLength(0),
        Packet(tcp).Vlan(1).DestinationOptions(Bytes(390)), nine,
        Packet(tcp).Extension(135, Bytes(6)).Extension(139, Bytes(6)),
        Packet(tcp).Extension(140, Bytes(6)), Packet(ip).Udp(53, 53),
        Packet(ip).HopByHop().Icmp(), Packet(ip)}) {
    seeds->push_back(packet.Build());
  }
}

}  // namespace

std::vector<Bytes> ParserSeeds() {
  std::vector<Bytes> seeds = {Packet().Build()};
  AddIpv4(&seeds);
  AddIpv6(&seeds);
  return seeds;
}

}  // namespace mosd::testing
