// Finds the blocks of a stream by number: block n is for the bytes from
// n * kBlockBytes on. Blocks live in a window that slides towards higher
// numbers; the object is a ring of eight of them and, when the window outgrows
// that, of eight trees whose nodes, of 512 children each, are blocks as well.
// So an operation takes a handful of steps wherever in the window it is. All
// zero: empty. Thread-compatible.
//
// `first`, where it is a parameter, is the window's lowest number, which the
// owner knows; it grows by ReleaseBelow only.
#pragma once

#include <cstdint>

#include "api/stream/block_pool.h"

namespace mosd::api {

class BlockWindow {
 public:
  static constexpr uint64_t kRing = 8;
  static constexpr unsigned kMaxHeight = 2;
  static constexpr unsigned kNodeBits = 9;
  // The widest window, in blocks: 4 GiB.
  static constexpr uint64_t kMaxWidth = kRing << (kNodeBits * kMaxHeight);

  // The block of a number, or kNoBlock. Any number.
  uint32_t Find(const BlockPool& pool, uint64_t first, uint64_t number) const {
    if (!Spans(first, number)) return kNoBlock;
    if (height_ == 0) [[likely]]
      return ring_[number % kRing];
    return Descend(pool, number);
  }

  // The same, and gives it a block if it has none. kNoBlock: the pool has not
  // enough of them. `number` is in [first, first + kMaxWidth / 2).
  uint32_t FindOrAcquire(BlockPool* pool, uint64_t first, uint64_t number) {
    if (height_ == 0 && number - first < kRing) [[likely]] {
      uint32_t& block = ring_[number % kRing];
      if (block == kNoBlock) block = pool->Acquire();
      return block;
    }
    return FindOrAcquireInTree(pool, first, number);
  }

  // The lowest number from `number` on, below `end`, that has a block; `end` if
  // none has. `number` is not below `first`.
  uint64_t Next(const BlockPool& pool, uint64_t first, uint64_t number,
                uint64_t end) const;

  // Releases all blocks below `end`, which is `first` afterwards.
  void ReleaseBelow(BlockPool* pool, uint64_t first, uint64_t end);

  // Releases nodes that are not needed when all blocks are in [first, last].
  void Narrow(BlockPool* pool, uint64_t first, uint64_t last);

  // Releases everything.
  void Clear(BlockPool* pool);

 private:
  static constexpr uint64_t kNodeSize = uint64_t{1} << kNodeBits;
  static_assert(kNodeSize * sizeof(uint32_t) == kBlockBytes);

  static uint32_t* Node(const BlockPool& pool, uint32_t block) {
    return reinterpret_cast<uint32_t*>(pool.Data(block));
  }
  static uint32_t AcquireNode(BlockPool* pool);
  static void ReleaseTree(BlockPool* pool, uint32_t root, unsigned height);
  // Of a tree whose lowest number is `lowest`, what is in [from, end).
  static void Prune(BlockPool* pool, uint32_t* root, unsigned height,
                    uint64_t lowest, uint64_t from, uint64_t end);

  // The number of the tree of a block, its lowest bits that of its ring place.
  static uint64_t TreeOf(uint64_t number, unsigned height) {
    return number >> (kNodeBits * height);
  }
  bool Spans(uint64_t first, uint64_t number) const {
    return number >= first &&
           TreeOf(number, height_) - TreeOf(first, height_) < kRing;
  }
  uint32_t Descend(const BlockPool& pool, uint64_t number) const;
  uint32_t FindOrAcquireInTree(BlockPool* pool, uint64_t first,
                               uint64_t number);
  bool Widen(BlockPool* pool, uint64_t first);

  uint32_t ring_[kRing];  // blocks, or roots of trees of height_
  uint32_t height_;
};

}  // namespace mosd::api
