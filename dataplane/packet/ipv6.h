// The IPv6 header and its chain of extension headers. A pure function, any
// thread; bounded work. Offsets and sizes in bytes.
#pragma once

#include <cstdint>

#include "dataplane/base/drop_reason.h"
#include "dataplane/packet/frame_bytes.h"
#include "dataplane/packet/ip_packet.h"

namespace mosd::dataplane {

// Parses the IPv6 packet at `offset` of a frame with `wire_bytes` on the wire.
// Returns kNone and fills `*packet`, which refers to `bytes`; else the reason,
// by the table in parser.cc, with `*packet` unspecified. A chain of more than
// 8 extension headers, or so long that TCP would not fit within
// kMaxHeaderBytes, is refused as kIpv6Extension.
DropReason ParseIpv6(const FrameBytes& bytes, uint32_t offset,
                     uint32_t wire_bytes, IpPacket* packet);

}  // namespace mosd::dataplane
