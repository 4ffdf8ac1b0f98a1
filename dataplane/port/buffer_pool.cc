#include "dataplane/port/buffer_pool.h"

#include <rte_errno.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {

absl::StatusOr<BufferPool> MakeBufferPool(const std::string& name,
                                          uint32_t buffers,
                                          uint32_t frame_bytes,
                                          uint32_t workers) {
  // A cache holds up to 1.5 times its size. What rests in all caches is out of
  // the receiver's reach and must stay a small part of the pool.
  const uint32_t cache =
      std::min<uint32_t>(256, buffers / 8 / std::max(workers, 1U));
  rte_mempool* pool = rte_pktmbuf_pool_create(
      name.c_str(), buffers, cache, 0,
      static_cast<uint16_t>(frame_bytes + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
  if (pool != nullptr) return BufferPool(pool);
  if (rte_errno == EEXIST) {
    return absl::FailedPreconditionError(
        absl::StrCat("its packet buffers (", name, ") are in use"));
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "no memory for ", buffers, " packet buffers of ", frame_bytes, " bytes (",
      rte_strerror(rte_errno), "); lower dataplane.memory.packet_buffers"));
}

}  // namespace mosd::dataplane
