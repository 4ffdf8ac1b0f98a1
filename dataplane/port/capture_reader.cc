#include "dataplane/port/capture_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/frame_stamp.h"

namespace mosd::dataplane {
namespace {

// Between two looks at a full ring; a worker empties a good part of it by then.
constexpr std::chrono::microseconds kFullRingWait{50};

uint16_t RoomIn(const rte_mbuf* buffer) { return rte_pktmbuf_tailroom(buffer); }

}  // namespace

CaptureReader::CaptureReader(std::unique_ptr<CaptureFile> file,
                             CaptureReaderOptions options, rte_mempool* pool,
                             rte_ring* ring)
    : file_(std::move(file)), options_(options), pool_(pool), ring_(ring) {}

void CaptureReader::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CaptureReader::Halt() {
  {
    std::lock_guard lock(mutex_);
    halted_ = true;
  }
  halt_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string CaptureReader::error() const {
  std::lock_guard lock(mutex_);
  return error_;
}

void CaptureReader::Run() {
  CaptureFile::Result result;
  do {
    result = ReadPass();
  } while (result == CaptureFile::Result::kEnd && options_.loop && NextPass());
  DropBurst();
}

// Reads to the end of the file. kFrame: halted before.
CaptureFile::Result CaptureReader::ReadPass() {
  CapturedFrame frame;
  CaptureFile::Result result;
  while ((result = file_->Next(&frame)) == CaptureFile::Result::kFrame) {
    if (!Accept(frame)) return CaptureFile::Result::kFrame;
  }
  if (!Flush()) return CaptureFile::Result::kFrame;
  if (result == CaptureFile::Result::kBroken) {
    Fail(absl::StrCat("after ", frames(), " frames: ", file_->error()));
  } else if (!options_.loop) {
    exhausted_.store(true, std::memory_order_release);
  }
  return result;
}

// Back to the beginning. False: halted, or that cannot be done.
bool CaptureReader::NextPass() {
  // So that a file without frames, or with a few, does not keep a processor
  // busy with being opened.
  constexpr std::chrono::milliseconds kEmptyFileWait{100};
  if (frames() == 0 && !WaitFor(kEmptyFileWait)) return false;
  clock_.NextPass();
  if (absl::Status status = file_->Rewind(); !status.ok()) {
    Fail(std::string(status.message()));
    return false;
  }
  return true;
}

void CaptureReader::Fail(const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    error_ = why;
  }
  exhausted_.store(true, std::memory_order_release);
}

// Puts the frame into the burst. False: halted.
bool CaptureReader::Accept(const CapturedFrame& frame) {
  const int64_t time_ns = clock_.Shifted(frame.time_ns);
  if (options_.pace == CapturePace::kTimestamps && !WaitUntilDue(time_ns)) {
    return false;
  }
  rte_mbuf* copy = Copy(frame, time_ns);
  if (copy == nullptr) return false;
  burst_[burst_size_++] = copy;
  return burst_size_ < kBurst || Flush();
}

// The frame in as many buffers as it takes; nullptr: halted.
rte_mbuf* CaptureReader::Copy(const CapturedFrame& frame, int64_t time_ns) {
  rte_mbuf* head = TakeBuffer();
  if (head == nullptr) return nullptr;
  *StampOf(head) = {time_ns, frame.wire_length, 0, false, 0};
  rte_mbuf* tail = head;
  std::span<const uint8_t> rest = frame.bytes;
  for (;;) {
    const size_t size = std::min<size_t>(rest.size(), RoomIn(tail));
    std::memcpy(rte_pktmbuf_mtod(tail, void*), rest.data(), size);
    tail->data_len = static_cast<uint16_t>(size);
    head->pkt_len += static_cast<uint32_t>(size);
    rest = rest.subspan(size);
    if (rest.empty()) return head;
    tail->next = TakeBuffer();
    if (tail->next == nullptr) {
      FreeFrame(head);
      return nullptr;
    }
    tail = tail->next;
    ++head->nb_segs;
  }
}

// Waits for one to be returned, if need be. nullptr: halted.
rte_mbuf* CaptureReader::TakeBuffer() {
  rte_mbuf* buffer;
  while ((buffer = rte_mbuf_raw_alloc(pool_)) == nullptr) {
    // The frames that hold the others may be those that wait in the burst.
    if (burst_size_ > 0 && !Flush()) return nullptr;
    if (!WaitFor(kFullRingWait)) return nullptr;
  }
  TakeUp(&buffer, 1);
  rte_pktmbuf_reset(buffer);
  return buffer;
}

bool CaptureReader::WaitUntilDue(int64_t time_ns) {
  using std::chrono::nanoseconds;
  const auto now = std::chrono::steady_clock::now();
  if (!epoch_) epoch_ = Epoch{time_ns, now};
  // What the clock says of both is far from overflowing.
  nanoseconds early =
      nanoseconds(time_ns - epoch_->capture_ns) - (now - epoch_->wall);
  if (early <= nanoseconds::zero()) return true;
  if (!Flush()) return false;
  constexpr std::chrono::hours kLongestWait{1};
  while (early > nanoseconds::zero()) {
    if (!WaitFor(std::min<nanoseconds>(early, kLongestWait))) return false;
    early = nanoseconds(time_ns - epoch_->capture_ns) -
            (std::chrono::steady_clock::now() - epoch_->wall);
  }
  return true;
}

// Enqueues the burst. False: halted before all of it was.
bool CaptureReader::Flush() {
  unsigned done = 0;
  uint64_t bytes = 0;
  while (done < burst_size_ && !halted_) {
    // Once a frame is in the ring it belongs to the worker.
    std::array<uint32_t, kBurst> lengths;
    for (unsigned i = done; i < burst_size_; ++i) {
      lengths[i] = burst_[i]->pkt_len;
    }
    HandOn(&burst_[done], burst_size_ - done);
    const unsigned count = rte_ring_sp_enqueue_burst(
        ring_, reinterpret_cast<void**>(&burst_[done]), burst_size_ - done,
        nullptr);
    for (unsigned i = done; i < done + count; ++i) bytes += lengths[i];
    done += count;
    frames_.store(frames() + count, std::memory_order_release);
    if (count == 0) WaitFor(kFullRingWait);
  }
  bytes_.store(bytes_.load(std::memory_order_relaxed) + bytes,
               std::memory_order_relaxed);
  std::move(burst_.begin() + done, burst_.begin() + burst_size_,
            burst_.begin());
  burst_size_ -= done;
  return burst_size_ == 0;
}

void CaptureReader::DropBurst() {
  FreeFrames(burst_.data(), burst_size_);
  burst_size_ = 0;
}

bool CaptureReader::WaitFor(std::chrono::nanoseconds duration) {
  std::unique_lock lock(mutex_);
  return !halt_.wait_for(lock, duration, [this] { return halted_.load(); });
}

}  // namespace mosd::dataplane
