// The last frame a side sent: written by the worker that owns the flow, read by
// any thread, from the same memory.
//
// A slot names a buffer. The writer fills another buffer, then swaps the name:
// it never waits, and a reader never meets a frame in the making, however long
// the writer is stopped in the middle of one. What remains is a reader that
// is so slow that its buffer has been released, has passed the quarantine and
// is being used again: the buffer's stamp, changed before its first byte is,
// tells the reader, which begins anew with the then newest frame.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "dataplane/frame/frame_pool.h"

namespace mosd::dataplane {

// Where the newest frame of one side lies. 0: nowhere.
// writer: the owning worker; readers: any; release/acquire.
class FrameSlot {
 public:
  bool empty() const { return word_.load(std::memory_order_relaxed) == 0; }

 private:
  friend class FrameWriter;
  friend bool CopyLastFrame(const FramePool&, const FrameSlot&,
                            std::span<uint8_t>, struct FrameRecord*, bool*);
  std::atomic<uint64_t> word_{0};  // unit:32 | class:6 | stamp:26
};

// What is known of a frame besides its bytes.
struct FrameFacts {
  int64_t capture_time_ns;
  uint32_t wire_length;
  uint8_t port;
  uint8_t zero;
  uint16_t captured_length;  // bytes that are kept
};
static_assert(sizeof(FrameFacts) == 16);

// What it is in its flow.
struct FrameInFlow {
  uint64_t stream_offset;
  uint32_t generation;  // of the flow's record (FlowRecord)
};

// What is kept of a frame besides its bytes.
struct FrameRecord : FrameFacts, FrameInFlow {};

// Puts frames into slots. Large ones are stored past the caches, and ordering
// such stores costs the same for one as for many: their buffers are taken and
// stamped before the first of them is written, and their names wait for
// Publish(). So does what comes after one, for frames are published in order.
// Owned by a worker.
//
//   for each large frame of a burst: buffer = Reserve(...)
//   OrderStamps()
//   for each frame of the burst: Put(...), or PutInto(buffer, ...)
//   Publish()
class FrameWriter {
 public:
  static constexpr size_t kBatch = 64;

  explicit FrameWriter(FramePool* pool) : pool_(pool) {}

  static constexpr bool IsLarge(uint32_t bytes) {
    return bytes >= kNonTemporalBytes;
  }

  // Makes a copy of a frame the last one of `slot`: at once, or with Publish().
  // `facts.captured_length` is what shall be kept of it, of which `least_bytes`
  // (the headers) must fit. When memory has run out, the frame is
  // shortened, or not kept, and the slot emptied: an older frame is not the
  // last one. When kBatch wait, publishes them first. A large one costs two
  // fences here.
  void Put(FrameSlot* slot, const uint8_t* data, const FrameFacts& facts,
           const FrameInFlow& in_flow, uint32_t least_bytes);
  // The same of one that is not large. `in_flow()` is a FrameInFlow, and
  // `least_bytes()` a number: asked for when they are wanted, for registers are
  // few. In last_frame_inline.h.
  template <typename InFlow, typename Least>
  inline void PutSmall(FrameSlot* slot, const uint8_t* data,
                       const FrameFacts& facts, InFlow in_flow,
                       Least least_bytes);

  // Takes a buffer for a large frame; none: memory has run out. It is either
  // put into, once OrderStamps() was called, or forgone.
  FrameBuffer Reserve(uint32_t bytes, uint32_t least_bytes);
  // The stamps of reserved buffers before their bytes.
  void OrderStamps();
  // As Put(), with the bytes and least_bytes that were reserved for.
  void PutInto(FrameBuffer buffer, FrameSlot* slot, const uint8_t* data,
               const FrameFacts& facts, const FrameInFlow& in_flow);
  void Forgo(FrameBuffer buffer);

  // Makes the frames visible that wait for it.
  void Publish();

  // Empties a slot and releases its buffer.
  void Clear(FrameSlot* slot);

  // writer: worker; readers: any.
  const SingleWriter<uint64_t>& shortened() const { return shortened_; }
  const SingleWriter<uint64_t>& not_kept() const { return not_kept_; }

 private:
  // Waits for Publish().
  struct Staged {
    FrameSlot* slot;
    uint64_t word;  // for the slot
  };

  // Tells a reader that still copies the buffer. Returns the new stamp.
  static inline uint32_t Stamp(struct FrameHeader* header);
  static inline void WriteHeader(struct FrameHeader* header,
                                 const FrameFacts& facts,
                                 const FrameInFlow& in_flow);
  inline uint64_t Fill(FrameBuffer buffer, const uint8_t* data,
                       const FrameFacts& facts, const FrameInFlow& in_flow);
  // The first small frame of a slot, or not of the size of the one before.
  void PutOther(FrameSlot* slot, const uint8_t* data, const FrameFacts& facts,
                const FrameInFlow& in_flow, uint32_t least_bytes);
  // `facts`, if so much of the frame fits; else, in `*shortened`, of as much as
  // does, which is counted.
  const FrameFacts& Fitting(FrameBuffer buffer, const FrameFacts& facts,
                            FrameFacts* shortened);
  inline void Swap(FrameSlot* slot, uint64_t word);
  void Show(FrameSlot* slot, uint64_t word);
  void Stage(const Staged& staged);
  // Memory has run out.
  void PutNothing(FrameSlot* slot);

  FramePool* pool_;
  size_t staged_count_ = 0;
  bool stamps_unordered_ = false;
  SingleWriter<uint64_t> shortened_;
  SingleWriter<uint64_t> not_kept_;
  Staged staged_[kBatch];
};

// Copies the newest frame of a slot: at most buffer.size() bytes of it (the
// record says how many there are). Any thread. False: the slot is empty, or,
// with `*contended` set, the frame was replaced during every one of many
// attempts.
bool CopyLastFrame(const FramePool& pool, const FrameSlot& slot,
                   std::span<uint8_t> buffer, FrameRecord* record,
                   bool* contended);

}  // namespace mosd::dataplane
