// The TCP resets that end a flow from between its two hosts. A pure function,
// any thread. Sizes in bytes, numbers in host order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/packet/parser.h"

namespace mosd::api {

// Ethernet, two tags, IPv6 and TCP without options.
inline constexpr size_t kMaxResetBytes = 14 + 2 * 4 + 40 + 20;

// Builds a reset in the name of one end, of the frame `last_frame_from_peer`
// (at least its headers, which are `parsed`) that the other end, or the same,
// has sent last: to the sender of that frame if `to_sender`, as an answer by
// its receiver; else to its receiver, as one more frame of the sender. MAC and
// IP addresses and ports are those of the frame, swapped in an answer; VLAN
// tags stay, options and extension headers do not.
//
// `seq` is what the host that gets the reset expects next, which RFC 5961
// (section 3.2) wants to the bit; `ack` is what it has sent, of which a host in
// SYN-SENT wants its SYN acknowledged. Without `ack` (that host has not been
// heard yet) the reset is one without ACK.
//
// Returns the bytes written to `out`, without FCS, padded to Ethernet's minimum
// of 60; 0 if `out` has less than kMaxResetBytes or the headers are not there.
size_t BuildReset(std::span<const uint8_t> last_frame_from_peer,
                  const dataplane::ParsedFrame& parsed, bool to_sender,
                  uint32_t seq, std::optional<uint32_t> ack,
                  std::span<uint8_t> out);

}  // namespace mosd::api
