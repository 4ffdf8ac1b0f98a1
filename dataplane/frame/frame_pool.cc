#include "dataplane/frame/frame_pool.h"

#include <algorithm>
#include <utility>

#include "dataplane/frame/frame_copy.h"

namespace mosd::dataplane {
namespace {

// Of the largest buffers whose frames are written through the caches.
constexpr uint32_t kCachedUnits =
    (kFrameHeaderBytes + kNonTemporalBytes) / kFrameUnit;

constexpr uint32_t kMaxUnits = kFrameClassUnits.back();

// Class of the smallest buffers with at least so many units.
constexpr auto kClassOfUnits = [] {
  std::array<uint8_t, kMaxUnits + 1> table{};
  size_t frame_class = 0;
  for (uint32_t units = 0; units <= kMaxUnits; ++units) {
    if (units > kFrameClassUnits[frame_class]) ++frame_class;
    table[units] = static_cast<uint8_t>(frame_class);
  }
  return table;
}();

size_t ClassOf(uint32_t frame_bytes) {
  const uint32_t units =
      (frame_bytes + kFrameHeaderBytes + kFrameUnit - 1) / kFrameUnit;
  return kClassOfUnits[std::min(units, kMaxUnits)];
}

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

  uint64_t entries = 0;
  for (uint32_t units : kFrameClassUnits) entries += pool.units_ / units + 1;
  auto stacks = Region::Map(entries * sizeof(uint32_t));
  if (!stacks.ok()) return stacks.status();
  pool.stacks_ = *std::move(stacks);
  auto* stack = reinterpret_cast<uint32_t*>(pool.stacks_.data());
  for (size_t i = 0; i < kFrameClasses; ++i) {
    pool.classes_[i].free = stack;
    stack += pool.units_ / kFrameClassUnits[i] + 1;
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

bool FramePool::Acquire(uint32_t frame_bytes, uint32_t least_bytes,
                        FrameBuffer* buffer) {
  const size_t wanted = ClassOf(frame_bytes);
  if (!Take(wanted, &buffer->unit)) [[unlikely]]
    return AcquireOther(wanted, std::min(least_bytes, frame_bytes), buffer);
  buffer->frame_class = static_cast<uint8_t>(wanted);
  classes_[wanted].in_use.Add(1);
  return true;
}

// Memory has run out.
bool FramePool::AcquireOther(size_t wanted, uint32_t least_bytes,
                             FrameBuffer* buffer) {
  const size_t least = ClassOf(least_bytes);
  const auto found = [&](size_t frame_class, uint32_t unit) {
    buffer->unit = unit;
    buffer->frame_class = static_cast<uint8_t>(frame_class);
    classes_[frame_class].in_use.Add(1);
    return true;
  };
  uint32_t unit;
  // A whole frame in a larger buffer or in one still in quarantine (a reader
  // may have to read again) is better than a part of it.
  for (size_t i = wanted + 1; i < kFrameClasses; ++i) {
    if (Take(i, &unit)) return found(i, unit);
  }
  for (size_t i = wanted; i < kFrameClasses; ++i) {
    if (TakeQuarantined(i, &unit)) return found(i, unit);
  }
  for (size_t i = wanted; i-- > least;) {
    if (Take(i, &unit) || TakeQuarantined(i, &unit)) return found(i, unit);
  }
  return false;
}

// The next burst writes there: the header, and all of a small frame, whose
// bytes do not go past the caches.
void FramePool::FetchForWriting(uint32_t unit, size_t frame_class) const {
  __builtin_prefetch(At(unit), 1);
  const uint32_t units = kFrameClassUnits[frame_class];
  if (units > kCachedUnits) return;
  for (uint32_t i = 1; i < units; ++i) __builtin_prefetch(At(unit + i), 1);
}

void FramePool::Release(FrameBuffer buffer) {
  Class& c = classes_[buffer.frame_class];
  c.in_use.Add(uint64_t{0} - 1);
  if (c.quarantine_count == kQuarantine) {
    uint32_t oldest = 0;
    TakeQuarantined(buffer.frame_class, &oldest);
    c.free[c.free_count++] = oldest;
    FetchForWriting(oldest, buffer.frame_class);
  }
  c.quarantine[(c.quarantine_head + c.quarantine_count) % kQuarantine] =
      buffer.unit;
  ++c.quarantine_count;
}

}  // namespace mosd::dataplane
