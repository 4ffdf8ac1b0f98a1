// What most frames are: Ethernet without tags, IPv4 without options, a TCP
// segment that is no SYN. One look, instead of one a layer, and the same answer
// (tests/unit/dataplane/packet/parser_reference_test.cc). Any thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/frame_bytes.h"
#include "dataplane/packet/ip_packet.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/segment_key.h"
#include "dataplane/packet/wire.h"

namespace mosd::dataplane {

// Headers of such a frame, where they stand in it: a parsed frame of which each
// field is read when it is wanted. Only PlainFrame::Look makes one.
class PlainFrame {
 public:
  static constexpr uint32_t kIpOffset = sizeof(wire::Ethernet);
  static constexpr uint32_t kTcpOffset = kIpOffset + sizeof(wire::Ipv4);

  // Null: it is something else, or something is wrong with it. Else as long as
  // the frame's bytes live. `wire_bytes` as in ParseFrame.
  static const PlainFrame* Look(const FrameBytes& bytes, uint32_t wire_bytes) {
    const auto* const frame = bytes.At<PlainFrame>(0);
    if (frame == nullptr || !frame->HasPlainHeaders()) return nullptr;
    const uint32_t header_bytes = frame->payload_offset();
    const bool fits = header_bytes >= sizeof(PlainFrame) &&
                      header_bytes <= frame->end() &&
                      frame->end() <= wire_bytes && bytes.Has(0, header_bytes);
    return fits ? frame : nullptr;
  }

  FlowKeyHead key(uint8_t* source_index) const {
    return MakeIpv4Key(ip_.addresses, tcp_.ports(), source_index);
  }
  uint32_t ip_length() const { return ip_.total_bytes.value(); }
  uint32_t payload_offset() const {
    return kTcpOffset + ((OffsetAndFlags() & 0xf0) >> 2);
  }
  uint32_t payload_length() const { return end() - payload_offset(); }
  uint32_t seq() const { return tcp_.seq.value(); }
  uint32_t ack() const { return tcp_.ack.value(); }
  uint16_t window() const { return tcp_.window.value(); }
  uint8_t tcp_flags() const { return tcp_.flags; }

  // All of it.
  void Parse(ParsedFrame* parsed) const {
    uint8_t source_index;
    const FlowKeyHead head = key(&source_index);
    *parsed = {.key = head.Ipv4(),
               .source_index = source_index,
               .tcp_flags = tcp_flags(),
               .window_scale = kNoWindowScale,
               .reserved = 0,
               .ip_offset = kIpOffset,
               .tcp_offset = kTcpOffset,
               .payload_offset = static_cast<uint16_t>(payload_offset()),
               .window = window(),
               .ip_length = ip_length(),
               .payload_length = payload_length(),
               .seq = seq(),
               .ack = ack()};
  }

 private:
  // Behind the addresses, in the order of the frame: EtherType, version and
  // header length; fragment, protocol; the TCP flags stand further behind.
  bool HasPlainHeaders() const {
    static_assert(kMoreFragmentsOrOffset == 0x3fff && kEtherTypeIpv4 == 0x0800);
    using Bytes = std::array<uint8_t, 8>;
    constexpr Bytes kTypeMask = {0xff, 0xff, 0xff};
    constexpr Bytes kType = {0x08, 0x00, 0x45};
    constexpr Bytes kFragmentMask = {0x3f, 0xff, 0, 0xff};
    constexpr Bytes kFragment = {0, 0, 0, kProtocolTcp};
    const auto differs = [this](size_t at, Bytes mask, Bytes wanted) {
      uint64_t word;
      std::memcpy(&word, reinterpret_cast<const uint8_t*>(this) + at,
                  sizeof(word));
      return (word & std::bit_cast<uint64_t>(mask)) ^
             std::bit_cast<uint64_t>(wanted);
    };
    constexpr size_t kTypeAt = offsetof(wire::Ethernet, ether_type);
    constexpr size_t kFragmentAt = kIpOffset + offsetof(wire::Ipv4, fragment);
    return (differs(kTypeAt, kTypeMask, kType) |
            differs(kFragmentAt, kFragmentMask, kFragment) |
            (OffsetAndFlags() & kTcpSyn << 8)) == 0;
  }

  // Both at one look: what tcp_ has, the flags in the high byte.
  uint32_t OffsetAndFlags() const {
    static_assert(offsetof(wire::Tcp, flags) ==
                  offsetof(wire::Tcp, offset_and_reserved) + 1);
    uint16_t both;
    std::memcpy(&both, &tcp_.offset_and_reserved, sizeof(both));
    return both;
  }

  uint32_t end() const { return kIpOffset + ip_length(); }

  [[maybe_unused]] wire::Ethernet ethernet_;  // read by HasPlainHeaders()
  wire::Ipv4 ip_;
  wire::Tcp tcp_;
};
static_assert(sizeof(PlainFrame) == 54);

}  // namespace mosd::dataplane
