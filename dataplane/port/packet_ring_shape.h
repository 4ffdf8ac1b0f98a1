// The shape of the ring through which the kernel hands frames to DPDK's
// af_packet driver (packet(7), PACKET_RX_RING of TPACKET_V2). Pure.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "dataplane/port/device_spec.h"

namespace mosd::dataplane {

struct PacketRingShape {
  // Each multiple of 16; the driver finds frames right only if a block is a
  // whole number of them. A block is a whole number of pages.
  uint32_t frame_bytes;
  uint32_t block_bytes;
  uint32_t frames;  // in a queue

  // The longest Ethernet frame that surely fits; a longer one is cut to this
  // many bytes or a few more.
  uint32_t longest_frame() const;
  // What the driver demands of a packet buffer.
  uint32_t buffer_bytes() const;
  // Locked memory of all queues; the driver maps a ring for sending, too.
  uint64_t locked_bytes(uint32_t queues) const {
    return uint64_t{2} * queues * frames * frame_bytes;
  }
};

// For an interface whose frames have up to `longest_frame` bytes. The driver's
// arguments framesz, blocksz and framecnt, if given, win over what would be
// chosen. INVALID_ARGUMENT if they cannot be.
absl::StatusOr<PacketRingShape> ShapePacketRing(uint32_t longest_frame,
                                                uint32_t queues,
                                                const DeviceSpec& spec);

}  // namespace mosd::dataplane
