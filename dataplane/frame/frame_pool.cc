#include "dataplane/frame/frame_pool.h"

#include <algorithm>
#include <utility>

namespace mosd::dataplane {
namespace {

constexpr uint32_t kMaxUnits = kFrameClassUnits.back();
constexpr uint32_t kUnitsOfLine = 64 / kFrameUnit;
static_assert(kUnitsOfLine == 2);

// Unit 0 is never handed out: a slot's word is then never zero.
constexpr uint32_t kFirstUnit = kUnitsOfLine;

// Carved at once. Small enough that the classes do not strand memory in one
// another.
uint32_t ChunkUnits(uint32_t units) {
  return std::clamp(units / 1024, 128u, 2048u);
}

// Buffers of a chunk, and what it takes, with the unit that is left out where
// the next one begins with a line.
uint32_t BuffersOfChunk(uint32_t chunk_units, uint32_t size) {
  return std::max(chunk_units / size, 1u);
}
uint32_t UnitsOfChunk(uint32_t chunk_units, uint32_t size) {
  const uint32_t units = BuffersOfChunk(chunk_units, size) * size;
  return units + units % kUnitsOfLine;
}

}  // namespace

uint64_t FramePool::CapacityFor(uint64_t bytes) {
  // Whole lines: where the last unit were half of one, Carve() would step over
  // the end to begin with a line.
  constexpr uint64_t kLineBytes = uint64_t{kUnitsOfLine} * kFrameUnit;
  constexpr uint64_t kLeast = uint64_t{kMaxUnits} * 2 / kUnitsOfLine;
  constexpr uint64_t kMost = UINT32_MAX / kUnitsOfLine;
  return std::clamp(bytes / kLineBytes, kLeast, kMost) * kLineBytes;
}

uint64_t FramePool::ListBytesFor(uint64_t capacity) {
  uint64_t entries = kFrameClasses * kRing;
  for (uint32_t units : kFrameClassUnits) {
    entries += capacity / kFrameUnit / units + 1;
  }
  return entries * sizeof(uint32_t);
}

uint64_t FramePool::MostListBytesFor(uint64_t capacity) {
  // A stack is as high as its class has buffers: highest in all when all are of
  // the smallest. Each begins on a page of its own, if not on a huge one.
  const uint64_t stacks =
      capacity / kFrameUnit / kFrameClassUnits.front() * sizeof(uint32_t);
  const uint64_t most = stacks + kFrameClasses * Region::SizeFor(1);
  return std::min(Region::SizeFor(ListBytesFor(capacity)), most);
}

uint64_t FramePool::FramesIn(uint64_t capacity, uint32_t frame_bytes) {
  const auto units = static_cast<uint32_t>(capacity / kFrameUnit);
  const uint32_t size = kFrameClassUnits[FrameClassOf(frame_bytes)];
  const uint32_t chunk = ChunkUnits(units);
  const uint32_t left = units - kFirstUnit;
  const uint32_t chunks = left / UnitsOfChunk(chunk, size);
  return uint64_t{chunks} * BuffersOfChunk(chunk, size) +
         (left - chunks * UnitsOfChunk(chunk, size)) / size;
}

uint64_t FramePool::BytesFor(uint64_t frames, uint32_t frame_bytes) {
  const uint64_t size = kFrameClassUnits[FrameClassOf(frame_bytes)];
  uint64_t capacity = CapacityFor((kFirstUnit + frames * size) * kFrameUnit);
  // What is left out between chunks is less than a hundredth.
  while (FramesIn(capacity, frame_bytes) < frames) {
    const uint64_t more =
        CapacityFor(capacity + std::max<uint64_t>(capacity / 256, 64));
    if (more == capacity) break;
    capacity = more;
  }
  return capacity;
}

absl::StatusOr<FramePool> FramePool::Create(uint64_t bytes) {
  FramePool pool;
  pool.units_ = static_cast<uint32_t>(CapacityFor(bytes) / kFrameUnit);
  pool.carved_units_ = kFirstUnit;
  pool.chunk_units_ = ChunkUnits(pool.units_);
  auto region = Region::Map(pool.capacity_bytes());
  if (!region.ok()) return region.status();
  pool.region_ = *std::move(region);

  auto lists = Region::Map(ListBytesFor(pool.capacity_bytes()));
  if (!lists.ok()) return lists.status();
  pool.lists_ = *std::move(lists);
  auto* place = reinterpret_cast<uint32_t*>(pool.lists_.data());
  for (size_t i = 0; i < kFrameClasses; ++i) {
    const uint32_t units = kFrameClassUnits[i];
    Class& c = pool.classes_[i];
    c.ring = place;
    place += kRing;
    c.spare = place;
    place += pool.units_ / units + 1;
    c.cached_bytes = (units <= kCachedUnits ? units : 1) * kFrameUnit;
    c.least_frame_bytes = i == 0 ? 0 : FrameClassCapacity(i - 1) + 1;
    c.more_frame_bytes = FrameClassCapacity(i) - c.least_frame_bytes;
  }
  return pool;
}

uint64_t FramePool::InUse(size_t frame_class) const {
  const Class& c = classes_[frame_class];
  const uint64_t idle =
      uint64_t{c.carve_left.Get()} + c.spares.Get() + c.waiting.Get();
  const uint64_t total = c.total.Get();
  return total - std::min(total, idle);
}

void FramePool::Spare(Class* c) {
  const uint32_t spares = c->spares.Get();
  c->spare[spares] = c->PopOldest();
  c->spares.Set(spares + 1);
}

uint32_t FramePool::Carve(size_t frame_class) {
  Class& c = classes_[frame_class];
  const uint32_t size = kFrameClassUnits[frame_class];
  if (c.carve_left.Get() == 0) {
    // Large frames are stored by whole lines, so they begin with one.
    carved_units_ += carved_units_ % kUnitsOfLine;
    const uint32_t count = BuffersOfChunk(chunk_units_, size);
    const uint32_t available = (units_ - carved_units_) / size;
    if (available == 0) return 0;
    c.carve_next = carved_units_;
    c.carve_left.Set(std::min(count, available));
    carved_units_ += c.carve_left.Get() * size;
    c.total.Add(c.carve_left.Get());
  }
  const uint32_t unit = c.carve_next;
  c.carve_next += size;
  c.carve_left.Set(c.carve_left.Get() - 1);
  return unit;
}

uint32_t FramePool::Take(size_t frame_class) {
  Class& c = classes_[frame_class];
  if (c.waiting.Get() > kQuarantine) return c.PopOldest();
  const uint32_t spares = c.spares.Get();
  if (spares != 0) {
    if (spares > kSparesAhead) {
      FetchForWriting<1>(c, c.spare[spares - 1 - kSparesAhead]);
    }
    c.spares.Set(spares - 1);
    return c.spare[spares - 1];
  }
  return Carve(frame_class);
}

uint32_t FramePool::TakeQuarantined(size_t frame_class) {
  Class& c = classes_[frame_class];
  return c.waiting.Get() == 0 ? 0 : c.PopOldest();
}

FrameBuffer FramePool::AcquireRare(size_t wanted, uint32_t least_bytes) {
  const auto buffer = [](size_t frame_class, uint32_t unit) {
    return FrameBuffer{unit, static_cast<uint8_t>(frame_class)};
  };
  // A whole frame in a larger buffer or in one still in quarantine (a reader
  // may have to read again) is better than a part of it.
  for (size_t i = wanted; i < kFrameClasses; ++i) {
    if (const uint32_t unit = Take(i)) return buffer(i, unit);
  }
  for (size_t i = wanted; i < kFrameClasses; ++i) {
    if (const uint32_t unit = TakeQuarantined(i)) return buffer(i, unit);
  }
  const size_t least = std::min(FrameClassOf(least_bytes), wanted);
  for (size_t i = wanted; i-- > least;) {
    uint32_t unit = Take(i);
    if (unit == 0) unit = TakeQuarantined(i);
    if (unit != 0) return buffer(i, unit);
  }
  return {};
}

}  // namespace mosd::dataplane
