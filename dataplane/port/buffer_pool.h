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

// Who writes into the buffers. For a device, each lies within a page, so that
// on pages of 4 KiB it takes a whole one.
enum class BufferWriter { kProcessor, kDevice };

struct BufferPoolShape {
  uint32_t buffers;
  uint32_t frame_bytes;  // room in each, at most 65,407
  uint32_t workers;      // threads that return them
  BufferWriter writer = BufferWriter::kProcessor;
};

// RESOURCE_EXHAUSTED, FAILED_PRECONDITION (the name is taken).
absl::StatusOr<BufferPool> MakeBufferPool(const std::string& name,
                                          const BufferPoolShape& shape);

}  // namespace mosd::dataplane
