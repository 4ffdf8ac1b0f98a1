// A source of frames: a DPDK port that is configured and ready to be polled by
// workers. Not thread-safe but for Snapshot() and exhausted().
//
//   Open    the device exists and has its queues; nothing flows
//   Start   frames may be received from queues()
//   Halt    a capture's reader has ended: what is queued is all there will be
//   Close   workers no longer poll, and hold none of its frames; the device and
//           its buffers are gone. Snapshot() stays.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/dataplane.h"
#include "dataplane/options.h"
#include "dataplane/port/rx_queue.h"

namespace mosd::dataplane {

class Port {
 public:
  virtual ~Port() = default;

  virtual const std::vector<RxQueue>& queues() const = 0;
  virtual bool is_capture() const = 0;

  virtual absl::Status Start() = 0;
  virtual void Halt() = 0;   // idempotent
  virtual void Close() = 0;  // idempotent; implies Halt

  // Any thread. True: a capture that does not loop is read to its end, or as
  // far as it can be, and `*frames` were enqueued in all.
  virtual bool exhausted(uint64_t* frames) const = 0;

  // Any thread.
  virtual PortSnapshot Snapshot() const = 0;
};

// What ports share.
struct PortContext {
  uint32_t workers = 1;
  uint32_t packet_buffers = 32768;  // of 2 KiB, over all ports
  uint32_t ports = 1;               // that share them
};

// Brings up the device of `options`, as port number `number`, without starting
// it. EAL is up (see eal.h). Errors name the device and say what to do:
// INVALID_ARGUMENT (unknown kind, a capture that is not Ethernet, broken or
// empty), NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION (in use),
// RESOURCE_EXHAUSTED.
absl::StatusOr<std::unique_ptr<Port>> OpenPort(const PortOptions& options,
                                               uint8_t number,
                                               const PortContext& context);

}  // namespace mosd::dataplane
