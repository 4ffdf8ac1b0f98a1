// Frames on their way from thread to thread, by DPDK's rings and pools. These
// order what one owner did with a frame before what the next one does, but
// ThreadSanitizer does not see it, for DPDK's libraries are not built with it:
// here it is told. Otherwise this costs nothing. Any thread.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/base/thread_sanitizer.h"

#if defined(MOSD_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

namespace mosd::dataplane {

// Before frames go to another owner.
inline void HandOn([[maybe_unused]] rte_mbuf* const* frames,
                   [[maybe_unused]] uint32_t count) {
#if defined(MOSD_THREAD_SANITIZER)
  for (uint32_t i = 0; i < count; ++i) {
    for (rte_mbuf* part = frames[i]; part != nullptr;) {
      rte_mbuf* const next = part->next;  // while it is ours
      __tsan_release(part);
      part = next;
    }
  }
#endif
}

// When frames have come from another owner.
inline void TakeUp([[maybe_unused]] rte_mbuf* const* frames,
                   [[maybe_unused]] uint32_t count) {
#if defined(MOSD_THREAD_SANITIZER)
  for (uint32_t i = 0; i < count; ++i) {
    for (rte_mbuf* part = frames[i]; part != nullptr; part = part->next) {
      __tsan_acquire(part);
    }
  }
#endif
}

// Whether frames are what those of a burst mostly are: of one buffer each,
// which nobody else has, and of one pool.
class SimpleFrames {
 public:
  // `pool`: of the first of them.
  explicit SimpleFrames(rte_mempool* pool) : pool_(pool) {}

  void Add(const rte_mbuf& frame) {
    // Of an mbuf with one reference and one segment: both counts at one look.
    constexpr uint32_t kOneOfEach = 0x00010001;
    static_assert(offsetof(rte_mbuf, nb_segs) ==
                  offsetof(rte_mbuf, refcnt) + 2);
    uint32_t counts;
    std::memcpy(&counts, &frame.refcnt, sizeof(counts));
    parts_ |= counts ^ kOneOfEach;  // segments in the high half
    pools_ |= reinterpret_cast<uintptr_t>(frame.pool) ^
              reinterpret_cast<uintptr_t>(pool_);
    flags_ |= frame.ol_flags;
  }

  // Each is in one piece, whoever else has it; of those so far, as all of this.
  bool whole() const { return parts_ >> 16 == 0; }
  // Null: they are not simple.
  rte_mempool* pool() const {
    constexpr uint64_t kIndirect = RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
    return (parts_ | pools_ | (flags_ & kIndirect)) == 0 ? pool_ : nullptr;
  }

 private:
  rte_mempool* pool_;
  uint32_t parts_ = 0;
  uintptr_t pools_ = 0;
  uint64_t flags_ = 0;
};

// Simple ones back to their pool, without a look at each.
inline void FreeSimpleFrames(rte_mempool* pool, rte_mbuf** frames,
                             uint32_t count) {
  HandOn(frames, count);
  rte_mempool_put_bulk(pool, reinterpret_cast<void**>(frames), count);
}

inline void FreeFrames(rte_mbuf** frames, uint32_t count) {
  if (count == 0) return;
  SimpleFrames simple(frames[0]->pool);
  for (uint32_t i = 0; i < count; ++i) simple.Add(*frames[i]);
  if (rte_mempool* const pool = simple.pool()) [[likely]] {
    FreeSimpleFrames(pool, frames, count);
  } else {
    HandOn(frames, count);
    rte_pktmbuf_free_bulk(frames, count);
  }
}

inline void FreeFrame(rte_mbuf* frame) { FreeFrames(&frame, 1); }

}  // namespace mosd::dataplane
