#include "api/stream/held_bytes.h"

#include <algorithm>
#include <bit>

namespace mosd::api {

void HeldBytes::AddAnywhere(uint32_t begin, uint32_t end) {
  if (run_->end == ByteRun::kMapped) return SetBits(begin, end);
  if (run_->begin == run_->end) {
    *run_ = {static_cast<uint16_t>(begin), static_cast<uint16_t>(end)};
    return;
  }
  if (begin <= run_->end && end >= run_->begin) {
    *run_ = {static_cast<uint16_t>(std::min<uint32_t>(begin, run_->begin)),
             static_cast<uint16_t>(std::max<uint32_t>(end, run_->end))};
    return;
  }
  std::fill_n(map_, kMapWords, 0);
  SetBits(run_->begin, run_->end);
  SetBits(begin, end);
  run_->end = ByteRun::kMapped;
}

void HeldBytes::SetBits(uint32_t begin, uint32_t end) {
  while (begin != end) {
    const uint32_t bit = begin % 64;
    const uint32_t count = std::min(end - begin, 64 - bit);
    map_[begin / 64] |= ~uint64_t{0} >> (64 - count) << bit;
    begin += count;
  }
}

uint32_t HeldBytes::Find(uint32_t at, uint64_t flip) const {
  uint64_t from = ~uint64_t{0} << at % 64;
  for (uint32_t word = at / 64; word < kMapWords; ++word) {
    const uint64_t bits = (map_[word] ^ flip) & from;
    if (bits != 0) {
      return word * 64 + static_cast<uint32_t>(std::countr_zero(bits));
    }
    from = ~uint64_t{0};
  }
  return kBlockBytes;
}

}  // namespace mosd::api
