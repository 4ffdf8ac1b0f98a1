// The memory of receive buffers: blocks of one size out of one region per
// worker, taken as they are used and given back. Nothing is allocated after
// Create; memory is backed when a block is first used. Owned by one worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "api/stream/held_bytes.h"
#include "dataplane/base/region.h"
#include "dataplane/base/single_writer.h"

namespace mosd::api {

// Names no block.
inline constexpr uint32_t kNoBlock = 0;

class BlockPool {
 public:
  static constexpr uint32_t kLeastBlocks = 8;

  // `bytes` caps the blocks' memory, up to 8 TiB; at least kLeastBlocks are
  // made. Book-keeping comes on top: 8 bytes a block, and 256 more for each
  // that is used with holes in it. RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<BlockPool>> Create(uint64_t bytes);

  // A block that holds no bytes yet; kNoBlock: all are in use. Constant time.
  uint32_t Acquire() {
    uint32_t block = free_;
    if (block != kNoBlock) [[likely]] {
      free_ = notes_[block].next_free;
    } else if (fresh_ != blocks_) {
      block = fresh_++;
    } else {
      return kNoBlock;
    }
    notes_[block].run = ByteRun{};
    in_use_.Add(1);
    return block;
  }

  // Gives a block back; the one released last is used first. Constant time.
  void Release(uint32_t block) {
    notes_[block].next_free = free_;
    free_ = block;
    in_use_.Add(uint64_t{0} - 1);
  }

  uint8_t* Data(uint32_t block) const {
    return data_ + size_t{block} * kBlockBytes;
  }
  HeldBytes Held(uint32_t block) const {
    return HeldBytes(&notes_[block].run, maps_ + size_t{block} * kMapWords);
  }

  uint64_t Available() const { return capacity() - in_use_.Get(); }
  // Whether so few blocks are left that they are kept for bytes in order: who
  // sends ahead of a hole shall not starve all others.
  bool Scarce() const { return Available() <= capacity() / 8; }

  // Any thread. In blocks.
  uint64_t in_use() const { return in_use_.Get(); }
  uint64_t capacity() const { return blocks_ - 1; }

 private:
  struct Note {
    uint32_t next_free;
    ByteRun run;
  };

  BlockPool() = default;

  dataplane::Region data_region_;
  dataplane::Region notes_region_;
  dataplane::Region maps_region_;
  uint8_t* data_ = nullptr;
  Note* notes_ = nullptr;
  uint64_t* maps_ = nullptr;
  uint32_t free_ = kNoBlock;
  uint32_t fresh_ = 1;   // from here on, none was ever used; 0 never is
  uint32_t blocks_ = 0;  // number 0 included
  dataplane::SingleWriter<uint64_t> in_use_;  // writer: worker; readers: any
};

}  // namespace mosd::api
