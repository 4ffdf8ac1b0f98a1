// What a capture says of a frame besides its bytes, carried by the mbuf in a
// dynamic field (DPDK Programmer's Guide, "Mbuf Library").
// writer: the capture's reader; then, by way of the ring, the worker.
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <cstdint>

#include "absl/status/status.h"

namespace mosd::dataplane {

struct FrameStamp {
  int64_t time_ns;       // since 1970, in the clock of the capture
  uint32_t wire_length;  // bytes on the wire; at least those present
  uint32_t zero;
};

// Offset of the field in an mbuf; valid after RegisterFrameStamp.
extern int frame_stamp_offset;

// Makes room for the field in every mbuf; after EAL is up, before any mbuf is
// stamped. Any number of times. RESOURCE_EXHAUSTED.
absl::Status RegisterFrameStamp();

inline FrameStamp* StampOf(rte_mbuf* frame) {
  return RTE_MBUF_DYNFIELD(frame, frame_stamp_offset, FrameStamp*);
}

}  // namespace mosd::dataplane
