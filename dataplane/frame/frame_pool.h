// Buffers for last frames, in size classes, out of one region per worker.
// Nothing is allocated after Create: a class grows by carving the region, and
// shrinks never, so that memory is bounded by the region and taken by use.
//
// The owning worker acquires and releases. Readers on other threads may still
// be copying a buffer that was just released; it therefore waits in a
// quarantine until kQuarantine later ones of its class have been released,
// long enough for an undisturbed copy. A reader that is overtaken all the same
// learns so from the buffer's stamp (see last_frame.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/base/region.h"
#include "dataplane/base/single_writer.h"
#include "dataplane/frame/frame_copy.h"

namespace mosd::dataplane {

// Buffers are counted in units of a cache line.
inline constexpr uint32_t kFrameUnit = 64;

// Bytes at the start of a buffer that describe the frame.
inline constexpr uint32_t kFrameHeaderBytes = 32;

// Sizes of the classes, in units: exact for small frames, of which there are
// most, then at most a quarter of waste; 25 is for the 1,514 bytes of a full
// Ethernet frame, 145 for a jumbo one of 9,216, 1025 for 65,535.
inline constexpr std::array<uint16_t, 25> kFrameClassUnits = {
    2,  3,  4,  5,  6,  7,  8,   10,  12,  14,  17,  21,  25,
    32, 40, 48, 64, 80, 96, 120, 145, 256, 512, 768, 1025};
inline constexpr size_t kFrameClasses = kFrameClassUnits.size();

// Class of the smallest buffers with at least so many units.
inline constexpr auto kFrameClassOfUnits = [] {
  std::array<uint8_t, kFrameClassUnits.back() + 1> table{};
  uint8_t frame_class = 0;
  for (uint32_t units = 0; units < table.size(); ++units) {
    if (units > kFrameClassUnits[frame_class]) ++frame_class;
    table[units] = frame_class;
  }
  return table;
}();

// Of the smallest buffers that hold a frame of at most kMaxFrameBytes.
constexpr size_t FrameClassOf(uint32_t frame_bytes) {
  return kFrameClassOfUnits[(frame_bytes + kFrameHeaderBytes + kFrameUnit - 1) /
                            kFrameUnit];
}

constexpr uint32_t FrameClassCapacity(size_t frame_class) {
  return kFrameClassUnits[frame_class] * kFrameUnit - kFrameHeaderBytes;
}

// Largest frame that any class holds.
inline constexpr uint32_t kMaxFrameBytes = 65535;
static_assert(FrameClassCapacity(kFrameClasses - 1) >= kMaxFrameBytes);

// Of the largest buffers whose frames are written through the caches.
inline constexpr uint32_t kCachedUnits =
    (kFrameHeaderBytes + kNonTemporalBytes) / kFrameUnit;

// Names a buffer.
struct FrameBuffer {
  uint32_t unit = 0;  // where it begins, in units from the region's start
  uint8_t frame_class = 0;
};

class FramePool {
 public:
  // Released buffers of a class that wait before they are used again.
  static constexpr uint32_t kQuarantine = 128;

  // `bytes` caps the buffers' memory; book-keeping comes on top (4 bytes a
  // buffer, taken as it is used). RESOURCE_EXHAUSTED.
  static absl::StatusOr<FramePool> Create(uint64_t bytes);

  // A buffer for a frame of `frame_bytes` (at most kMaxFrameBytes), or, when
  // memory has run out, for as much of it as there is room for, but no less
  // than `least_bytes`. False: not even that. Worker only; constant time.
  bool Acquire(uint32_t frame_bytes, uint32_t least_bytes,
               FrameBuffer* buffer) {
    const size_t wanted = FrameClassOf(frame_bytes);
    Class& c = classes_[wanted];
    if (c.free_count == 0) [[unlikely]]
      return AcquireRare(wanted, least_bytes, buffer);
    buffer->unit = c.free[--c.free_count];
    buffer->frame_class = static_cast<uint8_t>(wanted);
    c.in_use.Add(1);
    return true;
  }

  // Gives a buffer back. Worker only; constant time.
  void Release(FrameBuffer buffer) {
    Class& c = classes_[buffer.frame_class];
    c.in_use.Add(uint64_t{0} - 1);
    if (c.quarantine_count == kQuarantine) [[likely]] {
      // The oldest one's time is over, and this one takes its place.
      uint32_t& oldest = c.quarantine[c.quarantine_head];
      c.quarantine_head = (c.quarantine_head + 1) % kQuarantine;
      c.free[c.free_count++] = oldest;
      FetchForWriting(oldest, buffer.frame_class);
      oldest = buffer.unit;
      return;
    }
    c.quarantine[(c.quarantine_head + c.quarantine_count++) % kQuarantine] =
        buffer.unit;
  }

  std::byte* At(uint32_t unit) const {
    return region_.data() + size_t{unit} * kFrameUnit;
  }
  uint64_t capacity_bytes() const { return uint64_t{units_} * kFrameUnit; }

  // Any thread.
  uint64_t InUse(size_t frame_class) const {
    return classes_[frame_class].in_use.Get();
  }
  uint64_t Total(size_t frame_class) const {
    return classes_[frame_class].total.Get();
  }

 private:
  struct alignas(64) Class {
    // Free buffers, by unit; a stack, so that warm ones are used first.
    uint32_t* free = nullptr;
    uint32_t free_count = 0;
    // Not yet handed out part of the chunk being carved.
    uint32_t carve_next = 0;
    uint32_t carve_left = 0;         // buffers
    uint32_t* quarantine = nullptr;  // a ring of kQuarantine
    uint32_t quarantine_head = 0;    // oldest
    uint32_t quarantine_count = 0;
    SingleWriter<uint64_t> in_use;  // writer: worker; readers: any
    SingleWriter<uint64_t> total;
  };
  static_assert(sizeof(Class) == 64);

  FramePool() = default;

  // A free buffer of just this class, carving if need be.
  bool Take(size_t frame_class, uint32_t* unit);
  // No buffer of the wanted class is free.
  bool AcquireRare(size_t wanted, uint32_t least_bytes, FrameBuffer* buffer);
  bool Carve(size_t frame_class, uint32_t* unit);
  bool TakeQuarantined(size_t frame_class, uint32_t* unit);
  // The next burst writes there: the header, and all of a small frame, whose
  // bytes do not go past the caches.
  void FetchForWriting(uint32_t unit, size_t frame_class) const {
    const std::byte* const at = At(unit);
    PrefetchToWrite(at);
    const uint32_t units = kFrameClassUnits[frame_class];
    if (units > kCachedUnits) return;
    static_assert(kFrameClassUnits[0] == 2);
    PrefetchToWrite(at + kFrameUnit);
    for (uint32_t i = 2; i < units; ++i) {
      PrefetchToWrite(at + size_t{i} * kFrameUnit);
    }
  }

  Region region_;
  Region stacks_;  // the classes' free buffers, and their quarantines
  uint32_t units_ = 0;
  uint32_t carved_units_ = 0;
  uint32_t chunk_units_ = 0;
  std::vector<Class> classes_{kFrameClasses};
};

}  // namespace mosd::dataplane
