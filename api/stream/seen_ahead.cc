#include "api/stream/seen_ahead.h"

#include <algorithm>

namespace mosd::api {

bool SeenAhead::Note(uint64_t begin, uint64_t end, uint64_t* in_order) {
  Range added{begin, end};
  bool seen = false;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count_; ++i) {
    const Range range = ranges_[i];
    seen |= range.begin < end && begin < range.end;
    if (range.begin <= added.end && added.begin <= range.end) {
      added = {std::min(range.begin, added.begin),
               std::max(range.end, added.end)};
    } else {
      ranges_[kept++] = range;
    }
  }
  if (added.begin <= *in_order) {
    *in_order = std::max(*in_order, added.end);
  } else {
    if (kept == kRanges) {
      std::copy(ranges_.begin() + 1, ranges_.end(), ranges_.begin());
      --kept;
    }
    ranges_[kept++] = added;
  }
  // At most one of them reaches beyond: they do not touch each other.
  const auto* const ahead = std::remove_if(
      ranges_.begin(), ranges_.begin() + kept, [&](const Range& range) {
        if (range.begin > *in_order) return false;
        *in_order = std::max(*in_order, range.end);
        return true;
      });
  count_ = static_cast<uint32_t>(ahead - ranges_.begin());
  return seen;
}

}  // namespace mosd::api
