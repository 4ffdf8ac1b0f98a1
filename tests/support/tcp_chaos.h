// Random segments that are nearly right: their numbers lie at or beside the
// edges that a connection knows of, so that every branch is met often.
#pragma once

#include <cstdint>
#include <random>

#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::testing {

class TcpChaos {
 public:
  explicit TcpChaos(uint32_t seed) : random_(seed) {}

  dataplane::Side NextSide();
  dataplane::TcpSegment NextSegment(const dataplane::TcpConnection& connection,
                                    dataplane::Side sender);
  // Uniform below `limit`.
  uint32_t Below(uint32_t limit);

 private:
  uint32_t NumberNear(const dataplane::TcpEnd& end,
                      const dataplane::TcpEnd& peer);

  std::mt19937 random_;
};

}  // namespace mosd::testing
