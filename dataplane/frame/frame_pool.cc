#include "dataplane/frame/frame_pool.h"

#include <algorithm>
#include <utility>

namespace mosd::dataplane {
namespace {

constexpr uint32_t kMaxUnits = kFrameClassUnits.back();

}  // namespace

absl::StatusOr<FramePool> FramePool::Create(uint64_t bytes) {
  FramePool pool;
  // Unit 0 is never handed out: a slot's word is then never zero.
  constexpr uint64_t kLeast = uint64_t{kMaxUnits} * 2;
  constexpr uint64_t kMost = UINT32_MAX;
  pool.units_ =
      static_cast<uint32_t>(std::clamp(bytes / kFrameUnit, kLeast, kMost));
  pool.carved_units_ = 1;
  // Small enough that the classes do not strand memory in one another.
  pool.chunk_units_ = std::clamp(pool.units_ / 1024, 64u, 1024u);
  auto region = Region::Map(pool.capacity_bytes());
  if (!region.ok()) return region.status();
  pool.region_ = *std::move(region);

  uint64_t entries = kFrameClasses * kQuarantine;
  for (uint32_t units : kFrameClassUnits) entries += pool.units_ / units + 1;
  auto stacks = Region::Map(entries * sizeof(uint32_t));
  if (!stacks.ok()) return stacks.status();
  pool.stacks_ = *std::move(stacks);
  auto* place = reinterpret_cast<uint32_t*>(pool.stacks_.data());
  for (size_t i = 0; i < kFrameClasses; ++i) {
    pool.classes_[i].quarantine = place;
    place += kQuarantine;
    pool.classes_[i].free = place;
    place += pool.units_ / kFrameClassUnits[i] + 1;
  }
  return pool;
}

bool FramePool::Carve(size_t frame_class, uint32_t* unit) {
  Class& c = classes_[frame_class];
  const uint32_t size = kFrameClassUnits[frame_class];
  if (c.carve_left == 0) {
    const uint32_t count = std::max(chunk_units_ / size, 1u);
    const uint32_t available = (units_ - carved_units_) / size;
    if (available == 0) return false;
    c.carve_next = carved_units_;
    c.carve_left = std::min(count, available);
    carved_units_ += c.carve_left * size;
    c.total.Add(c.carve_left);
  }
  *unit = c.carve_next;
  c.carve_next += size;
  --c.carve_left;
  return true;
}

bool FramePool::Take(size_t frame_class, uint32_t* unit) {
  Class& c = classes_[frame_class];
  if (c.free_count != 0) {
    *unit = c.free[--c.free_count];
    return true;
  }
  return Carve(frame_class, unit);
}

bool FramePool::TakeQuarantined(size_t frame_class, uint32_t* unit) {
  Class& c = classes_[frame_class];
  if (c.quarantine_count == 0) return false;
  *unit = c.quarantine[c.quarantine_head];
  c.quarantine_head = (c.quarantine_head + 1) % kQuarantine;
  --c.quarantine_count;
  return true;
}

bool FramePool::AcquireRare(size_t wanted, uint32_t least_bytes,
                            FrameBuffer* buffer) {
  const auto found = [&](size_t frame_class, uint32_t unit) {
    buffer->unit = unit;
    buffer->frame_class = static_cast<uint8_t>(frame_class);
    classes_[frame_class].in_use.Add(1);
    return true;
  };
  uint32_t unit;
  if (Carve(wanted, &unit)) return found(wanted, unit);
  // Memory has run out. A whole frame in a larger buffer or in one still in
  // quarantine (a reader may have to read again) is better than a part of it.
  for (size_t i = wanted + 1; i < kFrameClasses; ++i) {
    if (Take(i, &unit)) return found(i, unit);
  }
  for (size_t i = wanted; i < kFrameClasses; ++i) {
    if (TakeQuarantined(i, &unit)) return found(i, unit);
  }
  const size_t least = std::min(FrameClassOf(least_bytes), wanted);
  for (size_t i = wanted; i-- > least;) {
    if (Take(i, &unit) || TakeQuarantined(i, &unit)) return found(i, unit);
  }
  return false;
}

}  // namespace mosd::dataplane
