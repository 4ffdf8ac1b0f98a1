#include "api/stream/block_pool.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mosd::api {
namespace {

absl::Status Map(uint64_t bytes, dataplane::Region* region) {
  auto mapped = dataplane::Region::Map(bytes);
  if (!mapped.ok()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("receive buffers: cannot map ", bytes >> 20, " MiB"));
  }
  *region = *std::move(mapped);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlockPool>> BlockPool::Create(uint64_t bytes) {
  constexpr uint64_t kMostBlocks = UINT32_MAX - 1;
  const uint64_t blocks =
      1 + std::clamp<uint64_t>(bytes / kBlockBytes, kLeastBlocks, kMostBlocks);
  std::unique_ptr<BlockPool> pool(new BlockPool);
  pool->blocks_ = static_cast<uint32_t>(blocks);
  for (const absl::Status& status :
       {Map(blocks * kBlockBytes, &pool->data_region_),
        Map(blocks * sizeof(Note), &pool->notes_region_),
        Map(blocks * kMapWords * sizeof(uint64_t), &pool->maps_region_)}) {
    if (!status.ok()) return status;
  }
  pool->data_ = reinterpret_cast<uint8_t*>(pool->data_region_.data());
  pool->notes_ = reinterpret_cast<Note*>(pool->notes_region_.data());
  pool->maps_ = reinterpret_cast<uint64_t*>(pool->maps_region_.data());
  return pool;
}

}  // namespace mosd::api
