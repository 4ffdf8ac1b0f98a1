// The packet is taken as three headers and a payload, one behind the other. An
// edit is checked whole before a byte is touched; then bytes move, and last the
// fields that speak of lengths and sums follow.
#include "api/packet/packet_edit.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "api/packet/segment_bytes.h"
#include "dataplane/packet/wire.h"
#include "mos_api.h"

namespace mosd::api {
namespace {

using dataplane::IpVersion;
using dataplane::ParsedFrame;
namespace wire = dataplane::wire;

constexpr int kActions = MOS_DROP | MOS_OVERWRITE | MOS_CHOMP | MOS_INSERT;
constexpr int kParts = MOS_ETH_HDR | MOS_IP_HDR | MOS_TCP_HDR | MOS_TCP_PAYLOAD;
constexpr int kChecksums = MOS_UPDATE_IP_CHKSUM | MOS_UPDATE_TCP_CHKSUM;

constexpr size_t kMaxFrameBytes = UINT16_MAX;
constexpr size_t kWordBytes = 4;

bool HasOneOf(int option, int bits) {
  return std::has_single_bit(static_cast<unsigned>(option & bits));
}

// Where the headers are: each ends where the next begins.
struct Layout {
  IpVersion version;
  size_t ip;
  size_t tcp;
  size_t payload;
  size_t end;  // of the IP packet on the wire; a capture may end before it
};

Layout LayoutOf(const ParsedFrame& parsed) {
  return {.version = parsed.key.version,
          .ip = parsed.ip_offset,
          .tcp = parsed.tcp_offset,
          .payload = parsed.payload_offset,
          .end = size_t{parsed.ip_offset} + parsed.ip_length};
}

bool Fits(const Layout& at, size_t captured) {
  return at.ip >= sizeof(wire::Ethernet) &&
         at.tcp >= at.ip + IpHeaderBytes(at.version) &&
         at.payload >= at.tcp + kTcpHeaderBytes && at.payload <= captured &&
         at.end >= at.payload;
}

// The bytes from `begin` to `end`, of which `least` cannot be taken out.
struct Part {
  size_t begin;
  size_t end;
  size_t least;
};

Part PartOf(const Layout& at, int option, size_t captured) {
  switch (option & kParts) {
    case MOS_ETH_HDR:
      return {0, at.ip, at.ip};
    case MOS_IP_HDR:
      return {at.ip, at.tcp, IpHeaderBytes(at.version)};
    case MOS_TCP_HDR:
      return {at.tcp, at.payload, kTcpHeaderBytes};
    default:
      return {at.payload, std::min(at.end, captured), 0};
  }
}

// `growth` bytes more, or less, in the named part.
Layout Moved(Layout at, int option, ptrdiff_t growth) {
  const auto shift = static_cast<size_t>(growth);  // modulo, as size_t adds
  if ((option & MOS_IP_HDR) != 0) at.tcp += shift;
  if ((option & (MOS_IP_HDR | MOS_TCP_HDR)) != 0) at.payload += shift;
  at.end += shift;
  return at;
}

ptrdiff_t Growth(uint16_t length, int option) {
  if ((option & MOS_INSERT) != 0) return length;
  return (option & MOS_CHOMP) != 0 ? -ptrdiff_t{length} : 0;
}

int CheckOption(int option) {
  if ((option & ~(kActions | kParts | kChecksums)) != 0 ||
      !HasOneOf(option, kParts)) {
    return EINVAL;
  }
  const bool moves = (option & (MOS_CHOMP | MOS_INSERT)) != 0;
  return moves && (option & MOS_ETH_HDR) != 0 ? EACCES : 0;
}

int CheckBounds(const Part& part, off_t offset, uint16_t length, int option) {
  const size_t size = part.end - part.begin;
  if (offset < 0 || static_cast<size_t>(offset) > size) return EINVAL;
  if ((option & MOS_INSERT) != 0) return 0;
  if (length > size - static_cast<size_t>(offset)) return EINVAL;
  return (option & MOS_CHOMP) != 0 && size - length < part.least ? EINVAL : 0;
}

int CheckRoom(const rte_mbuf* frame, const Layout& after, uint16_t length,
              int option) {
  if ((option & (MOS_CHOMP | MOS_INSERT)) == 0) return 0;
  if (after.end - after.ip > MaxIpBytes(after.version)) return EMSGSIZE;
  if ((option & MOS_CHOMP) != 0) return 0;
  return length > rte_pktmbuf_tailroom(frame) ||
                 size_t{frame->data_len} + length > kMaxFrameBytes
             ? EMSGSIZE
             : 0;
}

void MoveBytes(rte_mbuf* frame, size_t offset, const uint8_t* data,
               uint16_t length, int option) {
  uint8_t* const at = rte_pktmbuf_mtod_offset(frame, uint8_t*, offset);
  const size_t rest = frame->data_len - offset;
  if ((option & MOS_CHOMP) != 0) {
    std::memmove(at, at + length, rest - length);
    rte_pktmbuf_trim(frame, length);
    return;
  }
  if ((option & MOS_INSERT) != 0) {
    rte_pktmbuf_append(frame, length);
    std::memmove(at + length, at, rest);
  }
  if (length != 0) std::memmove(at, data, length);
}

// Whether a header of `size` bytes can state its length, in words.
bool IsStated(size_t size) {
  return size % kWordBytes == 0 && size >= kIpv4HeaderBytes &&
         size <= kMaxStatedHeaderBytes;
}

void StoreLengths(uint8_t* bytes, const Layout& at, int option) {
  StoreIpLength(bytes + at.ip, at.version, at.end - at.ip);
  const size_t ip_header = at.tcp - at.ip;
  if ((option & MOS_IP_HDR) != 0 && at.version == IpVersion::kIpv4 &&
      IsStated(ip_header)) {
    bytes[at.ip] =
        static_cast<uint8_t>((bytes[at.ip] & 0xf0) | ip_header / kWordBytes);
  }
  const size_t tcp_header = at.payload - at.tcp;
  if ((option & MOS_TCP_HDR) != 0 && IsStated(tcp_header)) {
    uint8_t* const words =
        bytes + at.tcp + offsetof(wire::Tcp, offset_and_reserved);
    *words =
        static_cast<uint8_t>(tcp_header / kWordBytes << 4 | (*words & 0x0f));
  }
}

// The IPv4 header as its receiver will see it, if that can be.
size_t SummedIpv4Bytes(const uint8_t* bytes, const Layout& at,
                       size_t captured) {
  const size_t stated = (bytes[at.ip] & 0x0fu) * kWordBytes;
  return stated >= kIpv4HeaderBytes && stated <= captured - at.ip
             ? stated
             : at.tcp - at.ip;
}

void StoreChecksums(uint8_t* bytes, const Layout& at, size_t captured,
                    int option) {
  if ((option & MOS_UPDATE_IP_CHKSUM) != 0 && at.version == IpVersion::kIpv4) {
    StoreIpv4Checksum({bytes + at.ip, SummedIpv4Bytes(bytes, at, captured)});
  }
  if ((option & MOS_UPDATE_TCP_CHKSUM) != 0 && at.end <= captured) {
    StoreTcpChecksum(bytes + at.ip, at.version,
                     {bytes + at.tcp, at.end - at.tcp});
  }
}

}  // namespace

int EditPacket(rte_mbuf* frame, const ParsedFrame& parsed, off_t offset,
               const uint8_t* data, uint16_t length, int option, bool* drop) {
  if (!HasOneOf(option, kActions)) return EINVAL;
  if ((option & MOS_DROP) != 0) {
    *drop = true;
    return 0;
  }
  int error = CheckOption(option);
  if (error != 0) return error;
  // Checksums alone may be asked for, by overwriting nothing.
  const bool takes_data = (option & MOS_CHOMP) == 0 && length != 0;
  if (takes_data && data == nullptr) return EINVAL;
  if (rte_pktmbuf_linearize(frame) != 0) return EMSGSIZE;

  const Layout before = LayoutOf(parsed);
  if (!Fits(before, frame->data_len)) return EINVAL;
  const Part part = PartOf(before, option, frame->data_len);
  error = CheckBounds(part, offset, length, option);
  if (error != 0) return error;
  const Layout after = Moved(before, option, Growth(length, option));
  error = CheckRoom(frame, after, length, option);
  if (error != 0) return error;

  MoveBytes(frame, part.begin + static_cast<size_t>(offset), data, length,
            option);
  auto* const bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  if ((option & MOS_OVERWRITE) == 0) StoreLengths(bytes, after, option);
  StoreChecksums(bytes, after, frame->data_len, option);
  return 0;
}

ParsedFrame AfterEdit(const rte_mbuf* frame, const ParsedFrame& before,
                      uint16_t length, int option) {
  const Layout at = Moved(LayoutOf(before), option, Growth(length, option));
  ParsedFrame after = before;
  if (frame->nb_segs != 1 || !Fits(at, frame->data_len)) return after;
  after.tcp_offset = static_cast<uint16_t>(at.tcp);
  after.payload_offset = static_cast<uint16_t>(at.payload);
  after.ip_length = static_cast<uint32_t>(at.end - at.ip);
  after.payload_length = static_cast<uint32_t>(at.end - at.payload);
  const auto* const tcp =
      rte_pktmbuf_mtod_offset(frame, const wire::Tcp*, at.tcp);
  after.tcp_flags = tcp->flags;
  after.window = tcp->window.value();
  after.seq = tcp->seq.value();
  after.ack = tcp->ack.value();
  return after;
}

}  // namespace mosd::api
