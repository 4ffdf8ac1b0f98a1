// How many packet buffers a port gets, and how much memory all of them need.
// The numbers that EAL is brought up with, those that the ports then take and
// those that are planned with (memory_plan.h) come from here, so that the
// second never exceeds the first. Pure.
#pragma once

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "dataplane/port/buffer_pool.h"
#include "dataplane/port/port.h"

namespace mosd::dataplane {

// Room for frame bytes in a usual packet buffer; longer frames are chained.
inline constexpr uint32_t kBufferBytes = 2048;
// What a mempool adds to an element.
inline constexpr uint32_t kElementOverheadBytes =
    sizeof(rte_mbuf) + RTE_PKTMBUF_HEADROOM + 2 * RTE_CACHE_LINE_SIZE;
// Enough for a full queue, and for a frame of 256 KiB that is in the making.
inline constexpr uint32_t kMinBuffersPerPort = 1024;
// A driver that wants a frame in one piece: buffers of up to 64 KiB.
inline constexpr uint32_t kMinWholeFrameBuffers = 2048;

// Of the usual size; `packet_buffers` are shared evenly by `ports`.
inline uint32_t BuffersPerPort(uint32_t packet_buffers, uint32_t ports) {
  return std::max(packet_buffers / std::max(ports, 1U), kMinBuffersPerPort);
}

// Of `frame_bytes` each, within about the same memory, but never too few.
inline uint32_t WholeFrameBuffers(uint32_t buffers, uint32_t frame_bytes) {
  const uint64_t affordable = uint64_t{buffers} * kBufferBytes / frame_bytes;
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(affordable, kMinWholeFrameBuffers,
                           std::max(buffers, kMinWholeFrameBuffers)));
}

// Most ports' buffers.
inline BufferPoolShape UsualPool(
    const PortContext& context,
    BufferWriter writer = BufferWriter::kProcessor) {
  return {.buffers = BuffersPerPort(context.packet_buffers, context.ports),
          .frame_bytes = kBufferBytes,
          .workers = context.workers,
          .writer = writer};
}

// Of a driver that wants frames of up to `frame_bytes` in one piece.
inline BufferPoolShape WholeFramePool(const PortContext& context,
                                      uint32_t frame_bytes) {
  const uint32_t usual = BuffersPerPort(context.packet_buffers, context.ports);
  return {.buffers = WholeFrameBuffers(usual, frame_bytes),
          .frame_bytes = frame_bytes,
          .workers = context.workers};
}

// Of af_xdp. The kernel takes buffers of up to a page, in which DPDK keeps its
// own bookkeeping, too; XDP's headroom leaves about 3.5 KiB for a frame. They
// are locked in memory.
inline BufferPoolShape XdpPool(const PortContext& context) {
  constexpr uint32_t kMaxBuffers = 8192;
  BufferPoolShape shape = WholeFramePool(context, 4096 - kElementOverheadBytes);
  shape.buffers = std::min(shape.buffers, kMaxBuffers);
  shape.writer = BufferWriter::kDevice;
  return shape;
}

// Of a ring, whose frames bring their own buffers; DPDK insists on a pool.
inline constexpr BufferPoolShape kRingPool = {
    .buffers = 64, .frame_bytes = kBufferBytes, .workers = 1};

// What a pool takes, or a little more; `small_pages`: of 4 KiB, on which a
// buffer that a device writes into begins with one.
inline uint64_t PoolBytes(const BufferPoolShape& shape, bool small_pages) {
  constexpr uint64_t kPageBytes = 4096;
  uint64_t element = shape.frame_bytes + kElementOverheadBytes;
  if (small_pages && shape.writer == BufferWriter::kDevice) {
    element = (element + kPageBytes - 1) / kPageBytes * kPageBytes;
  }
  // Its ring, of a power of two above the buffers, and the lcores' caches.
  const uint64_t ring = std::bit_ceil(uint64_t{shape.buffers} + 1);
  return shape.buffers * element + ring * sizeof(void*) +
         RTE_MAX_LCORE * sizeof(rte_mempool_cache);
}

// Of every port, and of what else is allocated from DPDK.
inline uint64_t PacketMemoryBytes(uint32_t packet_buffers, uint32_t ports) {
  constexpr uint64_t kBaseBytes = uint64_t{64} << 20;
  constexpr uint64_t kElementBytes = kBufferBytes + kElementOverheadBytes;
  constexpr uint64_t kWholeFramesBytes =
      kMinWholeFrameBuffers * uint64_t{UINT16_MAX + kElementOverheadBytes};
  const uint64_t usual = BuffersPerPort(packet_buffers, ports) * kElementBytes;
  return kBaseBytes + ports * std::max(usual + usual / 8, kWholeFramesBytes);
}

}  // namespace mosd::dataplane
