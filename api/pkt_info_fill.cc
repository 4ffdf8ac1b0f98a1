#include "api/pkt_info_fill.h"

#include <algorithm>
#include <limits>

namespace mosd::api {
namespace {

static_assert(sizeof(pkt_info) == 72);
static_assert(offsetof(pkt_info, payload) == 64);

constexpr size_t kEtherTypeOffset = 12;
constexpr size_t kTagBytes = 4;

// The largest value of a field that cannot hold all.
template <typename T>
T Clamped(uint32_t value) {
  return static_cast<T>(
      std::min<uint32_t>(value, std::numeric_limits<T>::max()));
}

void FillCommon(int64_t time_ns, uint8_t port, uint32_t wire_length,
                std::span<uint8_t> frame, pkt_info* info) {
  *info = {};
  info->cur_ts = static_cast<uint32_t>(time_ns / 1'000'000);
  info->in_ifidx = static_cast<int8_t>(port);
  info->eth_len = Clamped<uint16_t>(wire_length);
  info->ethh =
      reinterpret_cast<ethhdr*>(frame.empty() ? nullptr : frame.data());
}

uint32_t Read16(std::span<const uint8_t> frame, size_t offset) {
  return uint32_t{frame[offset]} << 8 | frame[offset + 1];
}

}  // namespace

namespace {

// `from` has the members of LastFrameInfo and of ParsedFrame alike.
template <typename Headers>
void FillHeaders(const Headers& from, uint64_t offset, std::span<uint8_t> frame,
                 pkt_info* info) {
  const auto at = [&](size_t position) {
    return position < frame.size() ? &frame[position] : nullptr;
  };
  info->ip_len = Clamped<uint16_t>(from.ip_length);
  info->offset = offset;
  info->payloadlen = Clamped<uint16_t>(from.payload_length);
  info->seq = from.seq;
  info->ack_seq = from.ack;
  info->window = from.window;
  info->iph = reinterpret_cast<iphdr*>(at(from.ip_offset));
  info->tcph = reinterpret_cast<tcphdr*>(at(from.tcp_offset));
  info->payload = from.payload_length != 0 ? at(from.payload_offset) : nullptr;
}

}  // namespace

void FillTcpInfo(const dataplane::LastFrameInfo& from, std::span<uint8_t> frame,
                 pkt_info* info) {
  FillCommon(from.capture_time_ns, from.port, from.wire_length, frame, info);
  FillHeaders(from, from.stream_offset, frame, info);
}

void FillSegmentInfo(const dataplane::FrameView& segment, uint64_t offset,
                     std::span<uint8_t> frame, pkt_info* info) {
  FillCommon(segment.time_ns, segment.port, segment.wire_length, frame, info);
  FillHeaders(*segment.parsed, offset, frame, info);
}

void FillFrameInfo(int64_t time_ns, uint8_t port, uint32_t wire_length,
                   std::span<uint8_t> frame, pkt_info* info) {
  FillCommon(time_ns, port, wire_length, frame, info);
  size_t type_offset = kEtherTypeOffset;
  for (int tags = 0; type_offset + 2 <= frame.size(); ++tags) {
    const uint32_t type = Read16(frame, type_offset);
    const size_t ip_offset = type_offset + 2;
    if (type == 0x0800 && ip_offset + 20 <= frame.size()) {
      info->iph = reinterpret_cast<iphdr*>(&frame[ip_offset]);
      info->ip_len = static_cast<uint16_t>(Read16(frame, ip_offset + 2));
    } else if (type == 0x86dd && ip_offset + 40 <= frame.size()) {
      info->iph = reinterpret_cast<iphdr*>(&frame[ip_offset]);
      info->ip_len = Clamped<uint16_t>(40 + Read16(frame, ip_offset + 4));
    }
    // 802.1Q, 802.1ad; two of them at most.
    if ((type != 0x8100 && type != 0x88a8) || tags == 2) return;
    type_offset += kTagBytes;
  }
}

}  // namespace mosd::api
