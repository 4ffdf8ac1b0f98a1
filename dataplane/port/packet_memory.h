// How many packet buffers a port gets, and how much memory all of them need.
// The numbers that EAL is brought up with and those that the ports then take
// come from here, so that the second never exceeds the first. Pure.
#pragma once

#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>

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
