#include "dataplane/port/capture_port.h"

#include <rte_errno.h>
#include <rte_mbuf.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/port/frame_custody.h"
#include "dataplane/port/live_device.h"
#include "dataplane/port/packet_memory.h"

namespace mosd::dataplane {
namespace {

constexpr unsigned kRingFrames = 4096;

void FreeQueued(rte_ring* ring) {
  rte_mbuf* frame;
  while (rte_ring_sc_dequeue(ring, reinterpret_cast<void**>(&frame)) == 0) {
    TakeUp(&frame, 1);
    FreeFrame(frame);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Port>> CapturePort::Open(
    const PortOptions& options, const std::string& path, uint8_t number,
    const PortContext& context) {
  if (options.queues > 1) {
    return absl::InvalidArgumentError("a capture has one receive queue");
  }
  auto file = CaptureFile::Open(path);
  if (!file.ok()) return file.status();
  std::unique_ptr<CapturePort> port(new CapturePort(options));
  absl::Status status = port->MakeQueue(number, context);
  if (!status.ok()) return status;
  port->reader_ = std::make_unique<CaptureReader>(
      *std::move(file), CaptureReaderOptions{options.loop, options.pace},
      port->pool_.get(), port->ring_.get());
  return port;
}

absl::Status CapturePort::MakeQueue(uint8_t number,
                                    const PortContext& context) {
  auto pool = MakeBufferPool(PoolName(number), UsualPool(context));
  if (!pool.ok()) return pool.status();
  pool_ = *std::move(pool);
  const std::string name = absl::StrCat("mosd", static_cast<int>(number));
  ring_.reset(rte_ring_create(name.c_str(), kRingFrames, SOCKET_ID_ANY,
                              RING_F_SP_ENQ | RING_F_SC_DEQ));
  if (ring_ == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for a queue: ", rte_strerror(rte_errno)));
  }
  auto ethdev = Ethdev::MakeOfRing(name, ring_.get());
  if (!ethdev.ok()) return ethdev.status();
  ethdev_ = *std::move(ethdev);
  queues_ = {
      {.ethdev = ethdev_->id(), .queue = 0, .port = number, .stamped = true}};
  return ethdev_->Configure({.pool = pool_.get()});
}

absl::Status CapturePort::Start() {
  if (absl::Status status = ethdev_->Start(); !status.ok()) return status;
  reader_->Start();
  return absl::OkStatus();
}

void CapturePort::Close() {
  if (!open_.exchange(false)) return;
  if (reader_ != nullptr) reader_->Halt();
  ethdev_.reset();
  if (ring_ != nullptr) FreeQueued(ring_.get());
  ring_.reset();
  pool_.reset();
}

bool CapturePort::exhausted(uint64_t* frames) const {
  const bool exhausted = reader_->exhausted();
  *frames = reader_->frames();
  return exhausted;
}

PortSnapshot CapturePort::Snapshot() const {
  PortSnapshot snapshot;
  snapshot.device = device_;
  snapshot.driver = "pcap";
  snapshot.link_up = open_;
  snapshot.exhausted = reader_->exhausted();
  snapshot.error = reader_->error();
  snapshot.rx_queues = static_cast<uint32_t>(queues_.size());
  snapshot.rx_frames = reader_->frames();
  snapshot.rx_bytes = reader_->bytes();
  return snapshot;
}

}  // namespace mosd::dataplane
