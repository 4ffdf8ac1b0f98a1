// A Port that is a capture: a reader fills a ring, and a device of DPDK makes
// a receive queue of that, so that workers poll it as any other.
#pragma once

#include <rte_ring.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/port/buffer_pool.h"
#include "dataplane/port/capture_reader.h"
#include "dataplane/port/ethdev.h"
#include "dataplane/port/port.h"

namespace mosd::dataplane {

class CapturePort : public Port {
 public:
  // `path` is that of `options.device`.
  static absl::StatusOr<std::unique_ptr<Port>> Open(const PortOptions& options,
                                                    const std::string& path,
                                                    uint8_t number,
                                                    const PortContext& context);
  ~CapturePort() override { Close(); }

  const std::vector<RxQueue>& queues() const override { return queues_; }
  bool is_capture() const override { return true; }
  absl::Status Start() override;
  void Halt() override { reader_->Halt(); }
  void Close() override;
  bool exhausted(uint64_t* frames) const override;
  PortSnapshot Snapshot() const override;

 private:
  struct FreeRing {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };

  explicit CapturePort(const PortOptions& options) : device_(options.device) {}
  absl::Status MakeQueue(uint8_t number, const PortContext& context);

  const std::string device_;
  std::vector<RxQueue> queues_;
  // In the order in which they depend on each other.
  BufferPool pool_;
  std::unique_ptr<rte_ring, FreeRing> ring_;
  std::unique_ptr<Ethdev> ethdev_;
  std::unique_ptr<CaptureReader> reader_;
  std::atomic<bool> open_{true};  // for Snapshot
};

}  // namespace mosd::dataplane
