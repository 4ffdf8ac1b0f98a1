// Buffers for last frames, in size classes, out of one region per worker.
// Nothing is allocated after Create: a class grows by carving the region, and
// shrinks never, so that memory is bounded by the region and taken by use.
//
// The owning worker acquires and releases. Readers on other threads may still
// be copying a buffer that was just released; it therefore waits in quarantine
// until kQuarantine later ones of its class have been released, long enough for
// an undisturbed copy. A reader that is overtaken all the same
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

// Buffers are counted in units of half a cache line.
inline constexpr uint32_t kFrameUnit = 32;

// Bytes at the start of a buffer that describe the frame.
inline constexpr uint32_t kFrameHeaderBytes = 32;

// Sizes of the classes, in units: 3 for the 60 or 64 bytes of a frame without
// payload, then whole cache lines, then at most a quarter of waste; 50 is for
// the 1,514 bytes of a full Ethernet frame, 290 for a jumbo one of 9,216, 2050
// for 65,535.
inline constexpr std::array<uint16_t, 26> kFrameClassUnits = {
    3,  4,  6,  8,  10,  12,  14,  16,  20,  24,  28,   34,   42,
    50, 64, 80, 96, 128, 160, 192, 240, 290, 512, 1024, 1536, 2050};
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

// Names a buffer, or none.
struct FrameBuffer {
  uint32_t unit = 0;  // where it begins, in units from the region's start
  uint8_t frame_class = 0xff;

  explicit operator bool() const { return unit != 0; }
};

class FramePool {
 public:
  // Released buffers of a class that wait before they are used again.
  static constexpr uint32_t kQuarantine = 128;

  // Bytes of the buffers of a pool of `bytes`: within what a pool may have.
  static uint64_t CapacityFor(uint64_t bytes);

  // Book-keeping of a pool of that capacity: what is mapped, and what of it is
  // touched at most, since a buffer stays in its class.
  static uint64_t ListBytesFor(uint64_t capacity);
  static uint64_t MostListBytesFor(uint64_t capacity);

  // How many frames of `frame_bytes` (at most kMaxFrameBytes) a pool of that
  // capacity holds at once, if there are no others; and the `bytes` of a pool
  // that holds `frames`.
  static uint64_t FramesIn(uint64_t capacity, uint32_t frame_bytes);
  static uint64_t BytesFor(uint64_t frames, uint32_t frame_bytes);

  // `bytes` caps the buffers' memory; book-keeping comes on top (4 bytes a
  // buffer, taken as it is used). RESOURCE_EXHAUSTED.
  static absl::StatusOr<FramePool> Create(uint64_t bytes);

  // A buffer for a frame of `frame_bytes` (at most kMaxFrameBytes), or, when
  // memory has run out, for as much of it as there is room for, but no less
  // than `least_bytes`; else none. Worker only; constant time.
  FrameBuffer Acquire(uint32_t frame_bytes, uint32_t least_bytes) {
    const auto wanted = static_cast<uint8_t>(FrameClassOf(frame_bytes));
    Class& c = classes_[wanted];
    if (c.waiting.Get() <= kQuarantine) [[unlikely]]
      return AcquireRare(wanted, least_bytes);
    FetchForWriting<1>(c, c.ring[(c.oldest + kFetchAhead) % kRing]);
    return {c.PopOldest(), wanted};
  }

  // Gives a buffer back and acquires another one of the class, if that is the
  // class for `frame_bytes`: what most frames want, at half of the price.
  // False: it is not, or none is at hand, and nothing was done. Worker only;
  // constant time.
  bool Exchange(FrameBuffer* buffer, uint32_t frame_bytes) {
    Class& c = classes_[buffer->frame_class];
    const uint32_t waiting = c.waiting.Get();
    if (!c.IsFor(frame_bytes) || waiting <= kQuarantine) [[unlikely]]
      return false;
    const uint32_t oldest = c.oldest;
    uint32_t* const ring = c.ring;
    FetchForWriting<2>(c, ring[(oldest + kFetchAhead) % kRing]);
    const uint32_t unit = ring[oldest % kRing];
    ring[(oldest + waiting) % kRing] = buffer->unit;
    c.oldest = oldest + 1;
    buffer->unit = unit;
    return true;
  }

  // Gives a buffer back. Worker only; constant time.
  void Release(FrameBuffer buffer) {
    Class& c = classes_[buffer.frame_class];
    if (c.waiting.Get() == kRing) [[unlikely]]
      Spare(&c);
    const uint32_t waiting = c.waiting.Get();
    c.ring[(c.oldest + waiting) % kRing] = buffer.unit;
    c.waiting.Set(waiting + 1);
  }

  std::byte* At(uint32_t unit) const {
    return region_.data() + size_t{unit} * kFrameUnit;
  }
  uint64_t capacity_bytes() const { return uint64_t{units_} * kFrameUnit; }

  // Any thread. What a worker does meanwhile is counted in part.
  uint64_t InUse(size_t frame_class) const;
  uint64_t Total(size_t frame_class) const {
    return classes_[frame_class].total.Get();
  }

 private:
  // Released buffers that a class has at hand, at most.
  static constexpr uint32_t kRing = 256;
  // Buffers to be acquired later than the one that is fetched for it.
  static constexpr uint32_t kFetchAhead = 32;
  // The same of those that lie in a stack: flows that begin take them.
  static constexpr uint32_t kSparesAhead = 8;
  static_assert(kFetchAhead < kQuarantine && kQuarantine < kRing);

  // writer: worker; readers of its numbers: any.
  struct alignas(64) Class {
    // Released buffers, by unit, in a ring of kRing, numbered without end. The
    // newest kQuarantine of them wait.
    uint32_t* ring = nullptr;
    uint32_t oldest = 0;
    SingleWriter<uint32_t> waiting;  // how many, from the oldest on
    // Frames that it is for: of more bytes than smaller ones hold.
    uint32_t least_frame_bytes = 0;
    uint32_t more_frame_bytes = 0;  // than those, at most
    // Those for which the ring had no room: a stack.
    uint32_t* spare = nullptr;
    SingleWriter<uint32_t> spares;
    // The part of the chunk being carved that was not yet handed out.
    SingleWriter<uint32_t> carve_left;  // buffers
    uint32_t carve_next = 0;
    SingleWriter<uint32_t> total;
    // How many bytes of a buffer the worker writes through the caches: the
    // header, and all of a small frame.
    uint32_t cached_bytes = 0;

    bool IsFor(uint32_t frame_bytes) const {
      return frame_bytes - least_frame_bytes <= more_frame_bytes;
    }
    // Of a ring that is not empty.
    uint32_t PopOldest() {
      waiting.Set(waiting.Get() - 1);
      return ring[oldest++ % kRing];
    }
  };
  static_assert(sizeof(Class) == 64);

  FramePool() = default;

  // A free buffer of just this class, carving if need be; 0: there is none.
  uint32_t Take(size_t frame_class);
  uint32_t Carve(size_t frame_class);
  uint32_t TakeQuarantined(size_t frame_class);
  // None is at hand whose time has come.
  FrameBuffer AcquireRare(size_t wanted, uint32_t least_bytes);
  // Makes room in the ring.
  static void Spare(Class* c);
  // The lines of a buffer that are written through the caches. `kLeast`: as
  // many of them as there are at least, of small ones two.
  template <uint32_t kLeast>
  void FetchForWriting(const Class& c, uint32_t unit) const {
    static_assert(kFrameClassUnits[0] * kFrameUnit > 64);
    const std::byte* const at = At(unit);
    for (uint32_t line = 0; line < kLeast; ++line) {
      PrefetchToWrite(at + 64 * line);
    }
    for (uint32_t done = 64 * kLeast; done < c.cached_bytes; done += 64) {
      PrefetchToWrite(at + done);
    }
  }

  Region region_;
  Region lists_;  // rings and stacks of the classes
  uint32_t units_ = 0;
  uint32_t carved_units_ = 0;
  uint32_t chunk_units_ = 0;
  std::vector<Class> classes_{kFrameClasses};
};

}  // namespace mosd::dataplane
