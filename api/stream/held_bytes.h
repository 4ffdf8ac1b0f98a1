// Which bytes of a block are held: as one run while that can say it, as a map
// of one bit a byte once there are two. Every operation is bounded by the 32
// words of the map, whatever somebody sends. Positions are bytes from the start
// of the block. A view of two places in the pool; thread-compatible.
#pragma once

#include <cstdint>

namespace mosd::api {

// Large enough that a full segment touches two blocks at most, small enough
// that a flow that said "GET /" costs little.
inline constexpr uint32_t kBlockBytes = 2048;
inline constexpr uint32_t kMapWords = kBlockBytes / 64;

// [begin, end); zero: nothing.
struct ByteRun {
  static constexpr uint16_t kMapped = UINT16_MAX;  // as `end`: ask the map
  uint16_t begin;
  uint16_t end;
};

class HeldBytes {
 public:
  // The map's words mean nothing until the run says so.
  HeldBytes(ByteRun* run, uint64_t* map) : run_(run), map_(map) {}

  // From now on, [begin, end) is held; not empty, at most kBlockBytes.
  void Add(uint32_t begin, uint32_t end) {
    if (run_->end == begin && begin != 0) [[likely]] {
      run_->end = static_cast<uint16_t>(end);
      return;
    }
    AddAnywhere(begin, end);
  }

  // Whether all that is held is one run that ends there, or nothing, at 0.
  bool EndsAt(uint32_t at) const { return run_->end == at; }
  // Of such a run.
  void Extend(uint32_t end) { run_->end = static_cast<uint16_t>(end); }

  // The first byte from `at` on that is not held; kBlockBytes: all are.
  uint32_t EndOfRun(uint32_t at) const {
    if (run_->end == ByteRun::kMapped) return Find(at, ~uint64_t{0});
    return at >= run_->begin && at < run_->end ? run_->end : at;
  }

  // The first byte from `at` on that is held; kBlockBytes: none is.
  uint32_t NextHeld(uint32_t at) const {
    if (run_->end == ByteRun::kMapped) return Find(at, 0);
    if (at >= run_->end) return kBlockBytes;
    return at > run_->begin ? at : run_->begin;
  }

 private:
  void AddAnywhere(uint32_t begin, uint32_t end);
  void SetBits(uint32_t begin, uint32_t end);
  // The first bit from `at` on that is set in the map, each word xor `flip`.
  uint32_t Find(uint32_t at, uint64_t flip) const;

  ByteRun* run_;
  uint64_t* map_;
};

}  // namespace mosd::api
