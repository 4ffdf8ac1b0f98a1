// TCP connections that all shake hands and then send data in turn, round robin
// over all of them, one side after the other.
//
// One thread.
#pragma once

#include <cstdint>
#include <span>

#include "tests/bench/frame_source.h"

namespace mosd::bench {

class Traffic {
 public:
  static constexpr uint32_t kBurst = FrameSource::kBurst;

  // `frame_bytes`: 60 to 1514. `tuples`: of each flow, kept by the caller;
  // empty: UsualTuple(). EAL is up.
  Traffic(uint32_t flows, uint32_t frame_bytes,
          std::span<const Tuple> tuples = {});

  // The next kBurst frames, with stamps; the caller frees them.
  void Next(rte_mbuf** frames);
  // False: all buffers are in use.
  bool TryNext(rte_mbuf** frames);

  // Frames until all handshakes are through.
  uint64_t handshake_frames() const { return uint64_t{flows_} * 3; }

 private:
  void Write(rte_mbuf** frames);
  Segment DataSegment() const;

  const uint32_t flows_;
  const std::span<const Tuple> tuples_;
  FrameSource source_;
  uint32_t round_ = 0;  // 0 to 2: the handshake
  uint32_t flow_ = 0;
};

}  // namespace mosd::bench
