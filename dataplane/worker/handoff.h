// How frames get to the worker that owns their flow when another one received
// them: a bounded ring before each worker, any worker in, the owner out. The
// frames carry their FrameStamp.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct rte_mbuf;
struct rte_ring;

namespace mosd::dataplane {

class Handoff {
 public:
  static constexpr uint32_t kCapacity = 4096;  // frames before a worker

  // EAL is up. RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Handoff>> Create(uint32_t workers);

  uint32_t workers() const { return static_cast<uint32_t>(rings_.size()); }

  // Whose flow it is. The high bits of the hash's low half, which the flow
  // index uses neither for buckets nor, with few workers, for tags.
  uint32_t OwnerOf(uint64_t hash) const {
    return static_cast<uint32_t>((hash & UINT32_MAX) * rings_.size() >> 32);
  }

  // Any worker; wait-free but for other senders. Returns how many of `frames`
  // there was room for: the first ones, which are the receiver's from here on.
  uint32_t Send(uint32_t owner, rte_mbuf** frames, uint32_t count);

  // Takes up to `count` frames. The owner; after it has ended, anybody.
  uint32_t Receive(uint32_t owner, rte_mbuf** frames, uint32_t count);

  // True if a burst of `frames` by each worker at once fits before any one.
  bool HasRoom(uint32_t frames) const;

 private:
  struct FreeRing {
    void operator()(rte_ring* ring) const;
  };

  std::vector<std::unique_ptr<rte_ring, FreeRing>> rings_;
};

}  // namespace mosd::dataplane
