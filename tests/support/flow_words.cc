#include "tests/support/flow_words.h"

#include <arpa/inet.h>

#include <cstring>

namespace mosd::testing {
namespace {

using dataplane::Endpoint;
using dataplane::IpVersion;

constexpr std::array<const char*, 6> kAddresses = {
    "10.0.0.1", "10.0.1.1", "10.1.0.1", "11.0.0.1", "fd00::1", "fd00:1::1"};
constexpr size_t kIpv4Addresses = 4;
constexpr std::array<const char*, 12> kNets = {
    "10.0.0.0/8", "10.0.0.0/23", "10.0.1.0/24", "10.0.0.1/32",
    "0.0.0.0/0",  "10",          "10.0",        "10.0.1",
    "11.0.0.1",   "fd00::/16",   "fd00:1::/32", "10.0.0.0 mask 255.0.255.0"};

Endpoint EndpointOf(const char* address, size_t port) {
  Endpoint endpoint{};
  const int family = std::strchr(address, ':') != nullptr ? AF_INET6 : AF_INET;
  inet_pton(family, address, endpoint.address.data());
  endpoint.port = static_cast<uint16_t>(port);
  return endpoint;
}

std::string TextOf(IpVersion version, const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(version == IpVersion::kIpv4 ? AF_INET : AF_INET6,
            endpoint.address.data(), text, sizeof(text));
  return text;
}

}  // namespace

FlowTuple FlowWords::Tuple() {
  const bool is_ipv4 = Below(3) != 0;
  const size_t first = is_ipv4 ? 0 : kIpv4Addresses;
  const size_t count = is_ipv4 ? kIpv4Addresses : 2;
  const auto endpoint = [&] {
    return EndpointOf(kAddresses[first + Below(count)], Below(4));
  };
  return FlowTuple{is_ipv4 ? IpVersion::kIpv4 : IpVersion::kIpv6, endpoint(),
                   endpoint()};
}

std::string FlowWords::Value(size_t what) {
  switch (what) {
    case 0:
      return Pick(kAddresses);
    case 1:
      return Pick(kNets);
    case 2:
      return Port();
    default: {
      const size_t low = Below(4);
      return std::to_string(low) + "-" + std::to_string(low + Below(4));
    }
  }
}

// What pcap takes in parentheses behind words begins with a value that is no
// number, or has an operator.
std::string FlowWords::Values(size_t what, int depth) {
  if (what > 2 || depth == 0 || Below(4) != 0) return Value(what);
  if (Below(4) == 0) return "not " + Value(what);
  const char* op = Below(2) == 0 ? " and " : " or ";
  return "(" + Value(what) + op + Values(what, depth - 1) + ")";
}

std::string FlowWords::Test(int depth) {
  constexpr std::array<const char*, 6> kEnds = {
      "", "src ", "dst ", "src or dst ", "src and dst ", "dst and src "};
  constexpr std::array<const char*, 4> kWhat = {"host ", "net ", "port ",
                                                "portrange "};
  if (Below(10) == 0) return "tcp";
  const size_t what = Below(kWhat.size());
  const std::string protocol = what >= 2 && Below(3) == 0 ? "tcp " : "";
  std::string text = protocol + Pick(kEnds) + kWhat[what] + Values(what, depth);
  // Values that go without words of their own.
  for (size_t more = Below(3); what < 3 && more > 0; --more) {
    text += (Below(2) == 0 ? " or " : " and ") + Value(what);
  }
  return text;
}

std::string FlowWords::Filter(int depth) {
  std::string text;
  const size_t terms = 1 + Below(3);
  for (size_t i = 0; i < terms; ++i) {
    if (i > 0) text += Below(2) == 0 ? " and " : " or ";
    if (Below(4) == 0) text += "not ";
    text += depth > 0 && Below(3) == 0 ? "(" + Filter(depth - 1) + ")"
                                       : Test(depth);
  }
  return text;
}

Bytes SynOf(const FlowTuple& tuple) {
  const std::string source = TextOf(tuple.version, tuple.source);
  const std::string destination = TextOf(tuple.version, tuple.destination);
  Packet packet;
  if (tuple.version == IpVersion::kIpv4) {
    packet.Ipv4(source, destination);
  } else {
    packet.Ipv6(source, destination);
  }
  constexpr uint8_t kSyn = 2;
  return packet.Tcp(tuple.source.port, tuple.destination.port)
      .Flags(kSyn)
      .Build();
}

std::string WithSymbols(const std::string& filter, FlowWords* random) {
  constexpr struct {
    const char* word;
    std::array<const char*, 3> same;
  } kOperators[] = {{" and ", {" & ", "&&", " and "}},
                    {" or ", {" | ", "||", " or "}},
                    {"not ", {"! ", "!", "not "}}};
  std::string text;
  for (size_t at = 0; at < filter.size();) {
    size_t taken = 0;
    for (const auto& op : kOperators) {
      if (filter.compare(at, std::strlen(op.word), op.word) != 0) continue;
      text += op.same[random->Below(3)];
      taken = std::strlen(op.word);
    }
    if (taken == 0) text += filter[at];
    at += taken == 0 ? 1 : taken;
  }
  return text;
}

PcapProgram::PcapProgram(const std::string& filter, bool optimize) {
  pcap_t* handle = pcap_open_dead(DLT_EN10MB, 262'144);
  if (pcap_compile(handle, &program_, filter.c_str(), optimize ? 1 : 0,
                   PCAP_NETMASK_UNKNOWN) != 0) {
    error_ = pcap_geterr(handle);
  }
  pcap_close(handle);
}

bool PcapProgram::Matches(const Bytes& frame) const {
  const auto size = static_cast<uint32_t>(frame.size());
  return bpf_filter(program_.bf_insns, frame.data(), size, size) != 0;
}

}  // namespace mosd::testing
