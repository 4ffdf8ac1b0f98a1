#include "controlplane/mosctl/frame_decoder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controlplane/mosctl/internet_checksum.h"
#include "controlplane/mosctl/wire_bytes.h"

namespace mosd::mosctl {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kMacBytes = 6;
constexpr size_t kEthernetBytes = 14;
constexpr size_t kVlanBytes = 4;
constexpr size_t kIpv4Bytes = 20;
constexpr size_t kIpv6Bytes = 40;
constexpr size_t kTcpBytes = 20;
constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeIpv6 = 0x86dd;
constexpr uint8_t kProtocolTcp = 6;
// IANA: IPv6 extension header types.
constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAh = 51,
                  kDestinationOptions = 60, kMobility = 135, kHip = 139,
                  kShim6 = 140;

bool IsVlan(uint16_t type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

bool IsExtension(uint8_t type) {
  switch (type) {
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kAh:
    case kDestinationOptions:
    case kMobility:
    case kHip:
    case kShim6:
      return true;
    default:
      return false;
  }
}

// Takes a frame apart from the front. Each step consumes its header from
// `rest_` and returns false, with the problem noted, where decoding ends.
class Decoder {
 public:
  explicit Decoder(Bytes frame) : rest_(frame) {}

  DecodedFrame Run() {
    if (Ethernet()) {
      const uint16_t type = frame_.ethernet->type;
      if (type == kTypeIpv4 ? Ipv4() : type == kTypeIpv6 ? Ipv6() : false) {
        Tcp();
      }
    }
    frame_.payload = rest_;
    return std::move(frame_);
  }

 private:
  bool Stop(absl::string_view problem) {
    frame_.problem = std::string(problem);
    return false;
  }
  bool Need(size_t bytes, absl::string_view header) {
    if (rest_.size() >= bytes) return true;
    return Stop(absl::StrCat("the frame ends inside the ", header, " (",
                             rest_.size(), " of ", bytes, " bytes)"));
  }
  void Skip(size_t bytes) { rest_ = rest_.subspan(bytes); }

  // Leaves `rest_` with what the IP packet holds behind its first header.
  void Limit(size_t length) {
    if (rest_.size() > length) {
      frame_.padding = rest_.size() - length;
      rest_ = rest_.first(length);
    } else {
      frame_.missing = length - rest_.size();
    }
  }

  bool Ethernet();
  bool Ipv4();
  bool Ipv6();
  bool Ipv6Chain(Ipv6Header* header);
  void Tcp();
  Checksum TcpChecksum() const;

  Bytes rest_;
  DecodedFrame frame_;
};

bool Decoder::Ethernet() {
  if (!Need(kEthernetBytes, "Ethernet header")) return false;
  EthernetHeader& header = frame_.ethernet.emplace();
  std::copy_n(rest_.begin(), kMacBytes, header.destination.begin());
  std::copy_n(rest_.begin() + kMacBytes, kMacBytes, header.source.begin());
  header.type = Read16(rest_, 2 * kMacBytes);
  Skip(kEthernetBytes);
  while (IsVlan(header.type)) {
    if (!Need(kVlanBytes, "VLAN tag")) return false;
    const uint16_t control = Read16(rest_, 0);
    header.tags.push_back({.protocol = header.type,
                           .priority = static_cast<uint8_t>(control >> 13),
                           .drop_eligible = (control & 0x1000) != 0,
                           .id = static_cast<uint16_t>(control & 0xfff)});
    header.type = Read16(rest_, 2);
    Skip(kVlanBytes);
  }
  if (header.type == kTypeIpv4 || header.type == kTypeIpv6) return true;
  return Stop("not IP");
}

bool Decoder::Ipv4() {
  if (!Need(kIpv4Bytes, "IPv4 header")) return false;
  if (rest_[0] >> 4 != 4) return Stop("the IP version is not 4");
  Ipv4Header& header = frame_.ipv4.emplace();
  header.header_length = size_t{rest_[0] & 0xfu} * 4;
  header.dscp = rest_[1] >> 2;
  header.ecn = rest_[1] & 3;
  header.total_length = Read16(rest_, 2);
  header.id = Read16(rest_, 4);
  const uint16_t fragment = Read16(rest_, 6);
  header.dont_fragment = (fragment & 0x4000) != 0;
  header.more_fragments = (fragment & 0x2000) != 0;
  header.fragment_offset = (fragment & 0x1fffu) * 8;
  header.ttl = rest_[8];
  header.protocol = rest_[9];
  header.source = rest_.subspan(12, 4);
  header.destination = rest_.subspan(16, 4);
  if (header.header_length < kIpv4Bytes) {
    return Stop("the IPv4 header claims less than 20 bytes");
  }
  if (!Need(header.header_length, "IPv4 options")) return false;
  header.options = rest_.subspan(kIpv4Bytes, header.header_length - kIpv4Bytes);
  InternetChecksum checksum;
  checksum.Add(rest_.first(header.header_length));
  header.checksum = checksum.Holds() ? Checksum::kRight : Checksum::kWrong;
  if (header.total_length < header.header_length) {
    return Stop("the IPv4 total length is less than its header");
  }
  Skip(header.header_length);
  Limit(header.total_length - header.header_length);
  if (header.fragment_offset != 0) return Stop("a later IPv4 fragment");
  if (header.protocol != kProtocolTcp) return Stop("not TCP");
  return true;
}

bool Decoder::Ipv6() {
  if (!Need(kIpv6Bytes, "IPv6 header")) return false;
  if (rest_[0] >> 4 != 6) return Stop("the IP version is not 6");
  Ipv6Header& header = frame_.ipv6.emplace();
  const uint32_t first = Read32(rest_, 0);
  header.dscp = static_cast<uint8_t>(first >> 22 & 0x3f);
  header.ecn = static_cast<uint8_t>(first >> 20 & 3);
  header.flow_label = first & 0xfffff;
  header.payload_length = Read16(rest_, 4);
  header.protocol = rest_[6];
  header.hop_limit = rest_[7];
  header.source = rest_.subspan(8, 16);
  header.destination = rest_.subspan(24, 16);
  Skip(kIpv6Bytes);
  Limit(header.payload_length);
  if (!Ipv6Chain(&header)) return false;
  if (header.fragment_offset != 0) return Stop("a later IPv6 fragment");
  if (header.protocol != kProtocolTcp) return Stop("not TCP");
  return true;
}

bool Decoder::Ipv6Chain(Ipv6Header* header) {
  while (IsExtension(header->protocol)) {
    const uint8_t type = header->protocol;
    if (!Need(8, "IPv6 extension header")) return false;
    // RFC 4302 counts in words of 4 bytes, all others in units of 8.
    const size_t length = type == kFragment ? 8
                          : type == kAh     ? (size_t{rest_[1]} + 2) * 4
                                            : (size_t{rest_[1]} + 1) * 8;
    if (!Need(length, "IPv6 extension header")) return false;
    if (type == kFragment) {
      header->fragment = true;
      header->fragment_offset = Read16(rest_, 2) & 0xfff8u;
    }
    header->extensions.push_back({.type = type, .bytes = rest_.first(length)});
    header->protocol = rest_[0];
    Skip(length);
    if (header->fragment_offset != 0) return true;
  }
  return true;
}

void Decoder::Tcp() {
  if (!Need(kTcpBytes, "TCP header")) return;
  TcpHeader& header = frame_.tcp.emplace();
  header.source_port = Read16(rest_, 0);
  header.destination_port = Read16(rest_, 2);
  header.seq = Read32(rest_, 4);
  header.ack = Read32(rest_, 8);
  header.header_length = size_t{rest_[12]} / 16 * 4;
  header.flags = Read16(rest_, 12) & 0x1ff;
  header.window = Read16(rest_, 14);
  header.urgent = Read16(rest_, 18);
  header.checksum = TcpChecksum();
  if (header.header_length < kTcpBytes) {
    Stop("the TCP header claims less than 20 bytes");
    return;
  }
  const size_t held = std::min(header.header_length, rest_.size());
  header.options = DecodeTcpOptions(rest_.subspan(kTcpBytes, held - kTcpBytes));
  if (!Need(header.header_length, "TCP options")) return;
  Skip(header.header_length);
}

Checksum Decoder::TcpChecksum() const {
  const bool partial =
      frame_.ipv4 ? frame_.ipv4->more_fragments : frame_.ipv6->fragment;
  if (partial || frame_.missing > 0) return Checksum::kUnknown;
  InternetChecksum checksum;  // RFC 9293, section 3.1, with pseudo-header
  checksum.Add(frame_.ipv4 ? frame_.ipv4->source : frame_.ipv6->source);
  checksum.Add(frame_.ipv4 ? frame_.ipv4->destination
                           : frame_.ipv6->destination);
  checksum.Add(uint32_t{kProtocolTcp});
  checksum.Add(static_cast<uint32_t>(rest_.size()));
  checksum.Add(rest_);
  return checksum.Holds() ? Checksum::kRight : Checksum::kWrong;
}

}  // namespace

DecodedFrame DecodeFrame(std::span<const uint8_t> frame) {
  return Decoder(frame).Run();
}

}  // namespace mosd::mosctl
