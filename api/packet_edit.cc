#include "api/packet_edit.h"

#include <rte_ip.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "api/copy_bytes.h"
#include "mos_api.h"

namespace mosd::api {
namespace {

using dataplane::IpVersion;
using dataplane::ParsedFrame;

constexpr int kParts = MOS_ETH_HDR | MOS_IP_HDR | MOS_TCP_HDR | MOS_TCP_PAYLOAD;
constexpr int kActions = MOS_DROP | MOS_OVERWRITE | MOS_CHOMP | MOS_INSERT;
constexpr int kChecksums = MOS_UPDATE_IP_CHKSUM | MOS_UPDATE_TCP_CHKSUM;

constexpr size_t kIpv4LengthOffset = 2;
constexpr size_t kIpv4ChecksumOffset = 10;
constexpr size_t kIpv4AddressOffset = 12;
constexpr size_t kIpv6LengthOffset = 4;
constexpr size_t kIpv6AddressOffset = 8;
constexpr uint32_t kIpv6HeaderBytes = 40;
constexpr size_t kTcpChecksumOffset = 16;
constexpr uint8_t kTcpProtocol = 6;

bool IsOneOf(int option, int mask) {
  return std::has_single_bit(static_cast<unsigned>(option & mask));
}

// Bytes [begin, end) of a frame.
struct Range {
  uint32_t begin;
  uint32_t end;
};

// A part of a segment, as far as it was captured.
Range PartOf(const ParsedFrame& parsed, int option, uint32_t captured) {
  const uint32_t payload_end = parsed.payload_offset + parsed.payload_length;
  switch (option & kParts) {
    case MOS_ETH_HDR:
      return {0, parsed.ip_offset};
    case MOS_IP_HDR:
      return {parsed.ip_offset, parsed.tcp_offset};
    case MOS_TCP_HDR:
      return {parsed.tcp_offset, parsed.payload_offset};
    default:
      return {parsed.payload_offset,
              std::max<uint32_t>(parsed.payload_offset,
                                 std::min(payload_end, captured))};
  }
}

void Store16(uint8_t* to, uint32_t value) {
  to[0] = static_cast<uint8_t>(value >> 8);
  to[1] = static_cast<uint8_t>(value);
}

// `checksum` is as rte_raw_cksum() has it: in the order of the wire.
void StoreChecksum(uint8_t* to, uint16_t checksum) {
  std::memcpy(to, &checksum, sizeof(checksum));
}

void SetIpLength(uint8_t* ip, IpVersion version, uint32_t ip_length) {
  if (version == IpVersion::kIpv4) {
    Store16(ip + kIpv4LengthOffset, ip_length);
  } else {
    Store16(ip + kIpv6LengthOffset, ip_length - kIpv6HeaderBytes);
  }
}

void UpdateIpChecksum(uint8_t* ip, uint32_t header_bytes) {
  StoreChecksum(ip + kIpv4ChecksumOffset, 0);
  StoreChecksum(ip + kIpv4ChecksumOffset,
                static_cast<uint16_t>(~rte_raw_cksum(ip, header_bytes)));
}

// RFC 9293 section 3.1: over the addresses, protocol, length and the segment.
void UpdateTcpChecksum(const uint8_t* ip, IpVersion version, uint8_t* tcp,
                       uint32_t tcp_bytes) {
  StoreChecksum(tcp + kTcpChecksumOffset, 0);
  const bool ipv4 = version == IpVersion::kIpv4;
  uint8_t rest[8] = {};
  Store16(rest + 2, tcp_bytes);
  Store16(rest, tcp_bytes >> 16);
  rest[7] = kTcpProtocol;
  uint32_t sum = rte_raw_cksum(
      ip + (ipv4 ? kIpv4AddressOffset : kIpv6AddressOffset), ipv4 ? 8 : 32);
  sum += rte_raw_cksum(rest, sizeof(rest));
  sum += rte_raw_cksum(tcp, tcp_bytes);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  StoreChecksum(tcp + kTcpChecksumOffset, static_cast<uint16_t>(~sum));
}

// Makes room for `length` bytes at `at`, or takes them out.
bool Insert(rte_mbuf* frame, uint32_t at, const uint8_t* data,
            uint16_t length) {
  const uint32_t tail = frame->data_len - at;
  if (rte_pktmbuf_append(frame, length) == nullptr) return false;
  auto* const bytes = rte_pktmbuf_mtod_offset(frame, uint8_t*, at);
  std::memmove(bytes + length, bytes, tail);
  CopyBytes(bytes, data, length);
  return true;
}

void Chomp(rte_mbuf* frame, uint32_t at, uint16_t length) {
  auto* const bytes = rte_pktmbuf_mtod_offset(frame, uint8_t*, at);
  std::memmove(bytes, bytes + length, frame->data_len - at - length);
  rte_pktmbuf_trim(frame, length);
}

}  // namespace

int EditPacket(rte_mbuf* frame, const ParsedFrame& parsed, off_t offset,
               const uint8_t* data, uint16_t length, int option) {
  if (!IsOneOf(option, kActions)) return EINVAL;
  if (option & MOS_DROP) return 0;
  if (!IsOneOf(option, kParts) ||
      (option & ~(kParts | kActions | kChecksums)) != 0) {
    return EINVAL;
  }
  const bool insert = option & MOS_INSERT;
  const bool chomp = option & MOS_CHOMP;
  if ((insert || chomp) && (option & MOS_ETH_HDR)) return EACCES;
  if (data == nullptr && !chomp && length != 0) return EINVAL;
  if (rte_pktmbuf_linearize(frame) != 0) return EMSGSIZE;

  const Range part = PartOf(parsed, option, frame->data_len);
  const uint32_t size = part.end - part.begin;
  if (offset < 0 || offset > size || (!insert && length > size - offset)) {
    return EINVAL;
  }
  const uint32_t at = part.begin + static_cast<uint32_t>(offset);
  uint32_t ip_length = parsed.ip_length;
  uint32_t tcp_offset = parsed.tcp_offset;
  if (insert) {
    if (ip_length + length > UINT16_MAX) return EMSGSIZE;
    if (!Insert(frame, at, data, length)) return EMSGSIZE;
    ip_length += length;
    if (option & MOS_IP_HDR) tcp_offset += length;
  } else if (chomp) {
    Chomp(frame, at, length);
    ip_length -= length;
    if (option & MOS_IP_HDR) tcp_offset -= length;
  } else {
    CopyBytes(rte_pktmbuf_mtod_offset(frame, uint8_t*, at), data, length);
  }

  const IpVersion version = parsed.key.version;
  auto* const bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  uint8_t* const ip = bytes + parsed.ip_offset;
  const uint32_t ip_header = version == IpVersion::kIpv4 ? 20 : 40;
  // What a program took out of the headers cannot be brought up to date.
  if (frame->data_len < parsed.ip_offset + ip_header) return 0;
  if (insert || chomp) SetIpLength(ip, version, ip_length);
  if ((option & MOS_UPDATE_IP_CHKSUM) && version == IpVersion::kIpv4) {
    UpdateIpChecksum(ip, tcp_offset - parsed.ip_offset);
  }
  const uint32_t end =
      std::min<uint32_t>(frame->data_len, parsed.ip_offset + ip_length);
  if ((option & MOS_UPDATE_TCP_CHKSUM) &&
      end >= tcp_offset + kTcpChecksumOffset + sizeof(uint16_t)) {
    UpdateTcpChecksum(ip, version, bytes + tcp_offset, end - tcp_offset);
  }
  return 0;
}

}  // namespace mosd::api
