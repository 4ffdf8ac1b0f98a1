// A counter of 64 bits of which the flow's record has the low ones, because
// every byte of it is paid for by every flow. Each time the highest of these
// changes, one is carried into a word that lies elsewhere, and that most flows
// never touch. The highest bit says whether that word is even: so a reader of
// the two knows in which order it met them.
#pragma once

#include <cstdint>
#include <limits>

#include "dataplane/base/single_writer.h"

namespace mosd::dataplane {

// writer: one thread; readers: any.
template <typename Low>
class ShortCounter {
 public:
  // Bits below the highest: what one that was carried stands for.
  static constexpr int kBits = std::numeric_limits<Low>::digits - 1;
  // Adding less carries at most one.
  static constexpr uint32_t kHalf = uint32_t{1} << kBits;

  // All there is, while nothing was carried.
  Low low() const { return low_.Get(); }
  // Without looking at the highest bit.
  void set_low(Low low) { low_.Set(low); }

  // Adds up, by steps that carry at most one each.
  template <typename Carried>
  void Add(uint32_t more, SingleWriter<Carried>* carried) {
    while (more >= kHalf) {
      AddLess(kHalf - 1, carried);
      more -= kHalf - 1;
    }
    AddLess(more, carried);
  }

  template <typename Carried>
  uint64_t Total(const SingleWriter<Carried>& carried) const {
    for (;;) {
      const uint64_t before = carried.Get();
      const Low low = low_.Get();
      // Another turn while the two were read.
      if (carried.Get() != before) continue;
      // The writer carries first: it may be about to write the low bits.
      const bool ahead = before % 2 != (low >> kBits);
      return ((before - (ahead ? 1 : 0)) << kBits) + (low & (kHalf - 1));
    }
  }

 private:
  template <typename Carried>
  void AddLess(uint32_t more, SingleWriter<Carried>* carried) {
    const Low before = low_.Get();
    const auto after = static_cast<Low>(before + more);
    if ((before ^ after) >> kBits != 0) carried->Add(1);
    low_.Set(after);
  }

  SingleWriter<Low> low_;
};

}  // namespace mosd::dataplane
