#include "dataplane/port/buffer_pool.h"

#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {

namespace {

// As rte_pktmbuf_pool_create(), which does not know of pools that no device
// writes into. nullptr, and rte_errno, on failure.
BufferPool Create(const std::string& name, const BufferPoolShape& shape) {
  const auto room =
      static_cast<uint16_t>(shape.frame_bytes + RTE_PKTMBUF_HEADROOM);
  // A cache holds up to 1.5 times its size. What rests in all caches is out of
  // the receiver's reach and must stay a small part of the pool.
  const uint32_t cache =
      std::min<uint32_t>(256, shape.buffers / 8 / std::max(shape.workers, 1U));
  const unsigned flags = shape.writer == BufferWriter::kProcessor
                             ? RTE_MEMPOOL_F_NO_IOVA_CONTIG
                             : 0;
  BufferPool pool(rte_mempool_create_empty(
      name.c_str(), shape.buffers,
      static_cast<unsigned>(sizeof(rte_mbuf)) + room, cache,
      sizeof(rte_pktmbuf_pool_private), SOCKET_ID_ANY, flags));
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private layout = {};
  layout.mbuf_data_room_size = room;
  rte_pktmbuf_pool_init(pool.get(), &layout);
  int result = rte_mempool_set_ops_byname(pool.get(),
                                          rte_mbuf_best_mempool_ops(), nullptr);
  if (result >= 0) result = rte_mempool_populate_default(pool.get());
  if (result < 0) {
    rte_errno = -result;
    return nullptr;
  }
  rte_mempool_obj_iter(pool.get(), rte_pktmbuf_init, nullptr);
  return pool;
}

}  // namespace

absl::StatusOr<BufferPool> MakeBufferPool(const std::string& name,
                                          const BufferPoolShape& shape) {
  BufferPool pool = Create(name, shape);
  if (pool != nullptr) return pool;
  const int error = rte_errno;
  if (error == EEXIST) {
    return absl::FailedPreconditionError(
        absl::StrCat("its packet buffers (", name, ") are in use"));
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no memory for ", shape.buffers, " packet buffers of ",
                   shape.frame_bytes, " bytes (", rte_strerror(error),
                   "); lower dataplane.memory.packet_buffers"));
}

}  // namespace mosd::dataplane
