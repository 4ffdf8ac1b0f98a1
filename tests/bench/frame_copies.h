// The floor under the keeping of last frames: the same frames, each copied to
// where the last one of its flow and side would lie, and nothing else. Memory
// as the frame pool has it, in the order of the flows.
//
// One thread. Times are CPU time of the thread.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/base/region.h"
#include "tests/bench/traffic.h"

namespace mosd::bench {

class FrameCopies {
 public:
  enum class Way {
    kMemcpy,
    kFetched,     // memcpy, to places that were fetched for the whole burst
    kPastCaches,  // as last frames are stored, from 512 bytes on
  };

  FrameCopies(uint32_t flows, uint32_t frame_bytes);

  // What Measure() says of so many packets.
  double Feed(uint64_t packets, Way way);

 private:
  uint8_t* NextPlace();

  const uint32_t flows_;
  const size_t place_bytes_;
  Traffic traffic_;
  dataplane::Region region_;
  size_t flow_ = 0;
  size_t side_ = 0;
};

}  // namespace mosd::bench
