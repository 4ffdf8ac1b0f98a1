// A source of frames in memory: TCP connections that all shake hands and then
// send data in turn, round robin over all flows, one side after the other. The
// frames lie in a few thousand buffers, as those of a NIC do; only what differs
// from flow to flow is written into them.
//
// One thread.
#pragma once

#include <cstdint>

struct rte_mbuf;
struct rte_mempool;

namespace mosd::bench {

class Traffic {
 public:
  static constexpr uint32_t kBurst = 64;

  // `frame_bytes`: 60 to 1514. EAL is up.
  Traffic(uint32_t flows, uint32_t frame_bytes);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // The next kBurst frames, with stamps; the caller frees them.
  void Next(rte_mbuf** frames);

  // Frames until all handshakes are through.
  uint64_t handshake_frames() const { return uint64_t{flows_} * 3; }

 private:
  void Write(rte_mbuf* frame);

  const uint32_t flows_;
  const uint32_t payload_bytes_;
  rte_mempool* pool_;
  uint32_t round_ = 0;  // 0 to 2: the handshake
  uint32_t flow_ = 0;
  int64_t time_ns_ = 1'700'000'000'000'000'000;  // since 1970
};

}  // namespace mosd::bench
