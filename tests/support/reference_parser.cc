// Follows the RFCs header by header and shares with the dataplane only types,
// constants and the order of endpoints in a flow key.
#include "tests/support/reference_parser.h"

#include <algorithm>
#include <optional>
#include <set>

namespace mosd::testing {
namespace {

using dataplane::DropReason;
using dataplane::Endpoint;
using dataplane::IpVersion;
using dataplane::ParsedFrame;

struct Dropped {
  DropReason reason;
};

class ReferenceParser {
 public:
  ReferenceParser(const Bytes& frame, size_t wire_bytes)
      : frame_(frame), wire_bytes_(wire_bytes) {}

  ReferenceResult Parse() {
    try {
      Ethernet();
      return {DropReason::kNone, parsed_};
    } catch (const Dropped& dropped) {
      return {dropped.reason, {}};
    }
  }

 private:
  // From here on, a byte that is not there drops the frame for this reason.
  void IfMissing(DropReason reason) { missing_ = reason; }

  void DropIf(bool condition, DropReason reason) {
    if (condition) throw Dropped{reason};
  }

  uint8_t At(size_t i) {
    DropIf(i >= frame_.size() || i >= dataplane::kMaxHeaderBytes, missing_);
    return frame_.at(i);
  }
  uint16_t At16(size_t i) {
    return static_cast<uint16_t>(At(i) * 256 + At(i + 1));
  }
  uint32_t At32(size_t i) { return At16(i) * uint32_t{65536} + At16(i + 2); }

  void Need(size_t from, size_t count) {
    for (size_t i = from; i < from + count; ++i) At(i);
  }

  Endpoint EndpointAt(size_t address, size_t address_bytes, size_t port) {
    Endpoint endpoint{};
    for (size_t i = 0; i < address_bytes; ++i) {
      endpoint.address.at(i) = At(address + i);
    }
    endpoint.port = At16(port);
    return endpoint;
  }

  void Ethernet() {
    IfMissing(DropReason::kEthernetTruncated);
    Need(0, 14);
    IfMissing(DropReason::kVlanMalformed);
    const std::set<uint16_t> tag_types = {0x8100, 0x88a8, 0x9100};
    size_t type_at = 12;
    for (int tag = 1; tag_types.count(At16(type_at)) == 1; ++tag) {
      DropIf(tag == 3, DropReason::kVlanMalformed);
      type_at += 4;
    }
    ip_ = type_at + 2;
    if (At16(type_at) == 0x0800) {
      Ipv4();
    } else if (At16(type_at) == 0x86dd) {
      Ipv6();
    } else {
      throw Dropped{DropReason::kNotIp};
    }
  }

  void Ipv4() {
    IfMissing(DropReason::kIpv4Truncated);
    Need(ip_, 20);
    const size_t header_bytes = At(ip_) % 16 * size_t{4};
    const size_t total_bytes = At16(ip_ + 2);
    DropIf(At(ip_) / 16 != 4, DropReason::kIpv4Malformed);
    DropIf(header_bytes < 20, DropReason::kIpv4Malformed);
    if (total_bytes > 0) {
      DropIf(header_bytes > total_bytes, DropReason::kIpv4Malformed);
      DropIf(ip_ + total_bytes > wire_bytes_, DropReason::kIpv4Malformed);
      stated_end_ = ip_ + total_bytes;
    }
    Need(ip_, header_bytes);
    const bool more_fragments = (At(ip_ + 6) & 0x20) != 0;
    const int fragment_offset = At16(ip_ + 6) % 8192;
    DropIf(more_fragments || fragment_offset > 0, DropReason::kIpv4Fragment);
    version_ = IpVersion::kIpv4;
    Transport(At(ip_ + 9), ip_ + header_bytes);
  }

  void Ipv6() {
    IfMissing(DropReason::kIpv6Truncated);
    Need(ip_, 40);
    const size_t payload_bytes = At16(ip_ + 4);
    DropIf(At(ip_) / 16 != 6, DropReason::kIpv6Malformed);
    DropIf(ip_ + 40 + payload_bytes > wire_bytes_, DropReason::kIpv6Malformed);
    if (payload_bytes > 0) stated_end_ = ip_ + 40 + payload_bytes;
    version_ = IpVersion::kIpv6;

    IfMissing(DropReason::kIpv6Extension);
    const std::set<int> extensions = {0, 43, 44, 51, 60, 135, 139, 140};
    uint8_t type = At(ip_ + 6);
    size_t at = ip_ + 40;
    for (int number = 1; extensions.count(type) == 1; ++number) {
      DropIf(number == 9, DropReason::kIpv6Extension);
      const size_t next = at + ExtensionBytes(type, at);
      DropIf(stated_end_ && next > *stated_end_, DropReason::kIpv6Malformed);
      // 60 bytes of TCP header must still fit.
      DropIf(next + 60 > dataplane::kMaxHeaderBytes,
             DropReason::kIpv6Extension);
      Need(at, next - at);
      if (type == 44) {
        const bool more_fragments = At(at + 3) % 2 == 1;
        const int fragment_offset = At16(at + 2) / 8;
        DropIf(more_fragments || fragment_offset > 0,
               DropReason::kIpv6Fragment);
      }
      if (type == 0) {
        DropIf(number > 1, DropReason::kIpv6Malformed);
        DropIf(HasJumboOption(at + 2, next), DropReason::kIpv6Malformed);
      }
      type = At(at);
      at = next;
    }
    Transport(type, at);
  }

  size_t ExtensionBytes(uint8_t type, size_t at) {
    DropIf(stated_end_ && at + 8 > *stated_end_, DropReason::kIpv6Malformed);
    Need(at, 8);
    if (type == 44) return 8;
    if (type == 51) return 8 + At(at + 1) * size_t{4};
    return 8 + At(at + 1) * size_t{8};
  }

  bool HasJumboOption(size_t from, size_t end) {
    for (size_t at = from; at < end;) {
      if (At(at) == 0xc2) return true;
      if (At(at) == 0) {
        at += 1;
      } else {
        at += at + 1 < end ? size_t{2} + At(at + 1) : 1;
      }
    }
    return false;
  }

  void Transport(uint8_t protocol, size_t at) {
    DropIf(protocol == 17, DropReason::kUdp);
    DropIf(protocol == 1 || protocol == 58, DropReason::kIcmp);
    DropIf(protocol != 6, DropReason::kOtherProtocol);
    Tcp(at);
  }

  void Tcp(size_t at) {
    DropIf(stated_end_ && at + 20 > *stated_end_, DropReason::kTcpMalformed);
    IfMissing(DropReason::kTcpTruncated);
    Need(at, 20);
    const size_t header_bytes = At(at + 12) / 16 * size_t{4};
    const size_t payload = at + header_bytes;
    DropIf(header_bytes < 20, DropReason::kTcpMalformed);
    DropIf(stated_end_ && payload > *stated_end_, DropReason::kTcpMalformed);
    Need(at, header_bytes);

    const size_t end = stated_end_.value_or(wire_bytes_);
    const bool v4 = version_ == IpVersion::kIpv4;
    size_t source_index;
    parsed_.key = MakeFlowKey(
        version_, EndpointAt(ip_ + (v4 ? 12 : 8), v4 ? 4 : 16, at),
        EndpointAt(ip_ + (v4 ? 16 : 24), v4 ? 4 : 16, at + 2), &source_index);
    parsed_.source_index = static_cast<uint8_t>(source_index);
    parsed_.tcp_flags = At(at + 13);
    parsed_.window_scale = dataplane::kNoWindowScale;
    if (parsed_.tcp_flags & 2) TcpOptions(at + 20, payload);
    parsed_.ip_offset = static_cast<uint16_t>(ip_);
    parsed_.tcp_offset = static_cast<uint16_t>(at);
    parsed_.payload_offset = static_cast<uint16_t>(payload);
    parsed_.window = At16(at + 14);
    parsed_.ip_length = static_cast<uint32_t>(end - ip_);
    parsed_.payload_length = static_cast<uint32_t>(end - payload);
    parsed_.seq = At32(at + 4);
    parsed_.ack = At32(at + 8);
  }

  void TcpOptions(size_t at, size_t end) {
    while (at < end) {
      const uint8_t kind = At(at);
      if (kind == 0) return;
      if (kind == 1) {
        at += 1;
        continue;
      }
      if (at + 1 == end) return;
      const size_t length = At(at + 1);
      if (length < 2 || at + length > end) return;
      if (kind == 3 && length == 3) {
        parsed_.window_scale = At(at + 2) > 14 ? 14 : At(at + 2);
      }
      at += length;
    }
  }

  const Bytes& frame_;
  const size_t wire_bytes_;
  DropReason missing_ = DropReason::kNone;
  size_t ip_ = 0;
  IpVersion version_ = IpVersion::kIpv4;
  std::optional<size_t> stated_end_;  // of the IP packet, by its length field
  ParsedFrame parsed_{};
};

}  // namespace

ReferenceResult ReferenceParse(const Bytes& frame, uint32_t wire_bytes) {
  return ReferenceParser(frame, std::max<size_t>(wire_bytes, frame.size()))
      .Parse();
}

}  // namespace mosd::testing
