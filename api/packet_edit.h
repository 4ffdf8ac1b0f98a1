// What mtcp_setlastpkt() does to the bytes of a packet. One thread a packet.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "dataplane/packet/parser.h"

struct rte_mbuf;

namespace mosd::api {

// Changes the TCP segment in `frame`, whose headers are `parsed`, as `option`
// (MOS_*) says. Returns 0 or an errno: EINVAL (options, bounds), EACCES (bytes
// of the Ethernet header may not be added or taken out), EMSGSIZE (no room).
// Any argument is safe. Lengths in the IP header follow; `parsed` does not: the
// caller parses the frame again.
int EditPacket(rte_mbuf* frame, const dataplane::ParsedFrame& parsed,
               off_t offset, const uint8_t* data, uint16_t length, int option);

}  // namespace mosd::api
