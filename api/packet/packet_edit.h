// What mtcp_setlastpkt() does to the packet that is being processed. Pure
// functions, one thread a packet. Sizes and offsets in bytes.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "dataplane/packet/parser.h"

struct rte_mbuf;

namespace mosd::api {

// Changes the TCP segment in `frame`, whose headers are at the places that
// `parsed` tells, as `option` (MOS_*) says. No argument does harm, not even a
// `parsed` of another frame. Returns 0, or an errno with the bytes unchanged:
//   EINVAL    not just one action, or not just one part; unknown bits; bytes
//             out of the named part; no data; the fixed part of an IP or TCP
//             header would be taken out; `parsed` does not fit
//   EACCES    bytes of the Ethernet header added or taken out
//   EMSGSIZE  no room in the buffer, or past what the IP header can state; or
//             a frame of several buffers that does not fit into its first one
// MOS_DROP sets `*drop` and looks at nothing else; else `*drop` is not touched.
//
// MOS_ETH_HDR has the VLAN tags, MOS_IP_HDR the options or extension headers,
// MOS_TCP_PAYLOAD neither padding nor what a capture has cut off. Where bytes
// come and go, the IP header's total or payload length follows, as does the
// header length of an IPv4 or TCP header that is whole words, up to 60 bytes.
// Checksums are stored on request alone; that of a TCP segment which was cut
// cannot be known, and is left.
//
// Neither `parsed` nor the frame's stamp follows: see AfterEdit(); pointers
// into the frame are to be taken anew.
int EditPacket(rte_mbuf* frame, const dataplane::ParsedFrame& parsed,
               off_t offset, const uint8_t* data, uint16_t length, int option,
               bool* drop);

// `before` brought up to date after EditPacket() has returned 0 for the same
// `option` and `length`. What was not moved stays where it was, whatever a
// program has written over the headers' lengths: so it may overwrite them
// first and add the bytes then, or the other way round. The key stays that of
// the flow; flags, window and numbers are read anew.
dataplane::ParsedFrame AfterEdit(const rte_mbuf* frame,
                                 const dataplane::ParsedFrame& before,
                                 uint16_t length, int option);

}  // namespace mosd::api
