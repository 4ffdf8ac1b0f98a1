// A pool of packet buffers, owned. Its buffers are all returned before it is
// destroyed. Taking and returning: any thread.
#pragma once

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace mosd::dataplane {

struct FreePool {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using BufferPool = std::unique_ptr<rte_mempool, FreePool>;

// Buffers with room for `frame_bytes` each (at most 65,407), for `workers`
// threads that return them. RESOURCE_EXHAUSTED, FAILED_PRECONDITION (the name
// is taken).
absl::StatusOr<BufferPool> MakeBufferPool(const std::string& name,
                                          uint32_t buffers,
                                          uint32_t frame_bytes,
                                          uint32_t workers);

}  // namespace mosd::dataplane
