// One writer and some readers of last frames: one hot slot and many cold ones.
// Half of the frames and half of the reads are of the hot slot. Every read is
// held against the frame that it claims to be, and must not be older than what
// was published before it began.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "dataplane/base/single_writer.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/frame/last_frame_inline.h"
#include "tests/support/certified_frame.h"

namespace mosd::testing {

struct TornFrameResult {
  uint64_t reads = 0;      // that returned a frame
  uint64_t contended = 0;  // told so after many attempts
  uint64_t empty = 0;      // nothing kept: memory is scarce
  uint64_t torn = 0;
  uint64_t stale = 0;  // older than one that was there before
  uint64_t published = 0;
};

class TornFrameTrial {
 public:
  static constexpr uint32_t kHotSlot = 0;

  // `memory_bytes` for frames of `slots` slots.
  TornFrameTrial(uint32_t slots, uint64_t memory_bytes)
      : pool_(*dataplane::FramePool::Create(memory_bytes)),
        writer_(std::make_unique<dataplane::FrameWriter>(&pool_)),
        slots_(slots),
        published_(slots) {}

  // Writes until `readers` threads have read `reads` frames together, or for
  // `most`.
  TornFrameResult Run(int readers, uint64_t reads,
                      std::chrono::milliseconds most) {
    stop_ = false;
    result_ = {};
    reads_ = 0;
    std::thread writer([this] { Write(); });
    std::vector<std::thread> threads;
    const auto end = std::chrono::steady_clock::now() + most;
    for (int i = 0; i < readers; ++i) {
      threads.emplace_back([this, i, reads, end] {
        Read(static_cast<uint64_t>(i), reads, end);
      });
    }
    for (std::thread& thread : threads) thread.join();
    stop_ = true;
    writer.join();
    TornFrameResult result = result_;
    result.published = sequence_;
    return result;
  }

  // The writer alone, until `*stop`.
  void Write() {
    std::vector<uint8_t> bytes(size_t{kBatch} * CertifiedFrame::kMaxBytes);
    uint32_t slots[kBatch];
    dataplane::FrameBuffer buffers[kBatch];
    while (!stop_.load(std::memory_order_relaxed)) {
      const uint64_t random = MixBits(~sequence_);
      const uint32_t batch = 1 + static_cast<uint32_t>(random) % kBatch;
      for (uint32_t i = 0; i < batch; ++i) {
        slots[i] = SlotOf(MixBits(random + i));
        const CertifiedFrame frame(slots[i], sequence_ + i + 1);
        frame.Write(&bytes[size_t{i} * CertifiedFrame::kMaxBytes]);
        if (!writer_->IsLarge(frame.length())) continue;
        buffers[i] =
            writer_->Reserve(frame.length(), CertifiedFrame::kMinBytes);
      }
      writer_->OrderStamps();
      for (uint32_t i = 0; i < batch; ++i) {
        const CertifiedFrame frame(slots[i], sequence_ + i + 1);
        dataplane::FrameSlot* const slot = &slots_[slots[i]];
        const uint8_t* const from =
            &bytes[size_t{i} * CertifiedFrame::kMaxBytes];
        const dataplane::FrameRecord record = frame.record();
        if (writer_->IsLarge(frame.length())) {
          writer_->PutInto(buffers[i], slot, from, record, record);
        } else {
          writer_->Put(slot, from, record, record, CertifiedFrame::kMinBytes);
        }
      }
      writer_->Publish();
      for (uint32_t i = 0; i < batch; ++i) {
        published_[slots[i]].Set(++sequence_);
      }
    }
  }
  void StopWriting() { stop_ = true; }

  // One read of a slot, judged. `buffer` has CertifiedFrame::kMaxBytes.
  void ReadOnce(uint32_t slot, uint8_t* buffer, TornFrameResult* result) const {
    const uint64_t least = published_[slot].Get();
    dataplane::FrameRecord record;
    bool contended = false;
    if (!dataplane::CopyLastFrame(pool_, slots_[slot],
                                  {buffer, CertifiedFrame::kMaxBytes}, &record,
                                  &contended)) {
      ++(contended ? result->contended : result->empty);
      return;
    }
    ++result->reads;
    if (record.captured_length > CertifiedFrame::kMaxBytes) {
      ++result->torn;
      return;
    }
    const std::span<const uint8_t> bytes(buffer, record.captured_length);
    const uint64_t sequence = CertifiedFrame::SequenceOf(bytes);
    const CertifiedFrame frame(slot, sequence);
    if (!frame.Matches(record, bytes, bytes.size() < frame.length())) {
      ++result->torn;
    } else if (sequence < least) {
      ++result->stale;
    }
  }

  // Whether a frame for this slot was published, ever.
  bool Written(uint32_t slot) const { return published_[slot].Get() != 0; }
  uint32_t slots() const { return static_cast<uint32_t>(slots_.size()); }
  const dataplane::FrameWriter& writer() const { return *writer_; }

 private:
  static constexpr uint32_t kBatch = dataplane::FrameWriter::kBatch;

  uint32_t SlotOf(uint64_t random) const {
    return (random & 1) != 0
               ? kHotSlot
               : static_cast<uint32_t>((random >> 8) % slots_.size());
  }

  void Read(uint64_t reader, uint64_t reads,
            std::chrono::steady_clock::time_point end) {
    constexpr uint64_t kTurn = 256;
    std::vector<uint8_t> buffer(CertifiedFrame::kMaxBytes);
    TornFrameResult result;
    uint64_t random = MixBits(reader + 1);
    do {
      const uint64_t before = result.reads;
      for (uint64_t i = 0; i < kTurn; ++i) {
        random = MixBits(random + 1);
        ReadOnce(SlotOf(random), buffer.data(), &result);
      }
      reads_.fetch_add(result.reads - before, std::memory_order_relaxed);
    } while (reads_.load(std::memory_order_relaxed) < reads &&
             std::chrono::steady_clock::now() < end);
    const std::lock_guard lock(mutex_);
    result_.reads += result.reads;
    result_.contended += result.contended;
    result_.empty += result.empty;
    result_.torn += result.torn;
    result_.stale += result.stale;
  }

  dataplane::FramePool pool_;
  std::unique_ptr<dataplane::FrameWriter> writer_;
  std::vector<dataplane::FrameSlot> slots_;
  // Of each slot, the newest frame that was published.
  std::vector<dataplane::SingleWriter<uint64_t>> published_;
  uint64_t sequence_ = 0;  // writer only
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> reads_{0};
  std::mutex mutex_;
  TornFrameResult result_;
};

}  // namespace mosd::testing
