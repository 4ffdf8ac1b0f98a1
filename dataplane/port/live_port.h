// A Port that is a DPDK device: everything but captures.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dataplane/port/live_device.h"
#include "dataplane/port/port.h"

namespace mosd::dataplane {

class LivePort : public Port {
 public:
  // `device` as configured.
  LivePort(std::string name, uint8_t number, LiveDevice device);
  ~LivePort() override { Close(); }

  const std::vector<RxQueue>& queues() const override { return queues_; }
  bool is_capture() const override { return false; }
  absl::Status Start() override;
  void Halt() override {}
  void Close() override;
  bool exhausted(uint64_t* frames) const override;
  PortSnapshot Snapshot() const override;

 private:
  // What a driver counts, from the start on. Some (memif) begin anew with each
  // connection; what they counted after the last look before is lost.
  class Counter {
   public:
    uint64_t Advance(uint64_t now) {
      total_ += now >= last_ ? now - last_ : now;
      last_ = now;
      return total_;
    }

   private:
    uint64_t total_ = 0;
    uint64_t last_ = 0;
  };

  void DiscardQueued();
  void Refresh() const;  // with mutex_ held

  std::vector<RxQueue> queues_;
  // Guards all below against Snapshot, which any thread calls.
  mutable std::mutex mutex_;
  LiveDevice device_;
  bool open_ = true;
  mutable Counter frames_;
  mutable Counter bytes_;
  mutable PortSnapshot last_;
};

}  // namespace mosd::dataplane
