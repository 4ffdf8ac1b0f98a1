// A frame as a worker receives it, in memory of just its size, where a
// sanitizer sees what goes beyond. It is of no pool: a pipeline that frees it
// leaves it to its owner. Without EAL, and not beside it.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>

#include "dataplane/port/frame_stamp.h"
#include "tests/support/bytes.h"

namespace mosd::testing {

class HeapFrame {
 public:
  // In two segments if `split` is within the bytes, else in one. `wire_length`
  // 0: none of it was cut off.
  HeapFrame(const Bytes& bytes, int64_t time_ns, size_t split = 0,
            uint32_t wire_length = 0);
  HeapFrame(const HeapFrame&) = delete;
  HeapFrame& operator=(const HeapFrame&) = delete;

  rte_mbuf* mbuf() { return &segments_[0]; }
  // Whether it was freed, once.
  bool IsFreed() const;

 private:
  void SetUp(rte_mbuf* segment, Bytes* bytes);

  Bytes first_;
  Bytes second_;
  rte_mbuf segments_[2] = {};
};

}  // namespace mosd::testing
