// The thread that reads a capture into a ring from which workers take frames.
// It never drops a frame: while ring or buffers are full, it waits. Start and
// Halt: one thread; all else: any.
#pragma once

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "dataplane/options.h"
#include "dataplane/port/capture_clock.h"
#include "dataplane/port/capture_file.h"

namespace mosd::dataplane {

struct CaptureReaderOptions {
  bool loop = false;
  CapturePace pace = CapturePace::kFull;
};

class CaptureReader {
 public:
  // `pool` and `ring` (of one producer) outlive this object.
  CaptureReader(std::unique_ptr<CaptureFile> file, CaptureReaderOptions options,
                rte_mempool* pool, rte_ring* ring);
  ~CaptureReader() { Halt(); }
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  void Start();
  // Ends the reading, wherever it is, within milliseconds. Idempotent.
  void Halt();

  // The file is read to its end, or as far as it can be. What frames() says
  // then, is what was enqueued in all.
  bool exhausted() const { return exhausted_.load(std::memory_order_acquire); }
  uint64_t frames() const { return frames_.load(std::memory_order_acquire); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Why the file could not be read to its end; empty: it could, so far.
  std::string error() const;

 private:
  static constexpr unsigned kBurst = 32;

  void Run();
  CaptureFile::Result ReadPass();
  bool NextPass();
  bool Accept(const CapturedFrame& frame);
  rte_mbuf* Copy(const CapturedFrame& frame, int64_t time_ns);
  rte_mbuf* TakeBuffer();
  bool WaitUntilDue(int64_t time_ns);
  bool Flush();
  void DropBurst();
  void Fail(const std::string& why);
  // False: halted.
  bool WaitFor(std::chrono::nanoseconds duration);

  const std::unique_ptr<CaptureFile> file_;
  const CaptureReaderOptions options_;
  rte_mempool* const pool_;
  rte_ring* const ring_;

  // Of the thread.
  std::array<rte_mbuf*, kBurst> burst_;
  unsigned burst_size_ = 0;
  CaptureClock clock_;
  struct Epoch {
    int64_t capture_ns;
    std::chrono::steady_clock::time_point wall;
  };
  std::optional<Epoch> epoch_;  // set by the first frame, when paced

  // writer: the thread; readers: any.
  std::atomic<uint64_t> frames_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<bool> exhausted_{false};

  mutable std::mutex mutex_;
  std::condition_variable halt_;
  std::atomic<bool> halted_{false};  // set with mutex_, to wake a waiter
  std::string error_;                // mutex_
  std::thread thread_;
};

}  // namespace mosd::dataplane
