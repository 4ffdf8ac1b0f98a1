#include "api/pkt_info_fill.h"

namespace mosd::api {
namespace {

static_assert(sizeof(pkt_info) == 72);
static_assert(offsetof(pkt_info, payload) == 64);

constexpr size_t kEtherTypeOffset = 12;
constexpr size_t kTagBytes = 4;

uint32_t Read16(std::span<const uint8_t> frame, size_t offset) {
  return uint32_t{frame[offset]} << 8 | frame[offset + 1];
}

}  // namespace

void FillFrameInfo(int64_t time_ns, uint8_t port, uint32_t wire_length,
                   std::span<uint8_t> frame, pkt_info* info) {
  *info = {};
  info->cur_ts = ToMilliseconds(time_ns);
  info->in_ifidx = static_cast<int8_t>(port);
  info->eth_len = Clamped<uint16_t>(wire_length);
  info->ethh =
      reinterpret_cast<ethhdr*>(frame.empty() ? nullptr : frame.data());
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
