// What a worker counts of frames. Plain numbers of the worker; others read the
// copy that it publishes once a burst (base/latch.h), in which
//   received + handed_in = accounted + sum(drops) + handed_out.
#pragma once

#include <cstdint>

#include "dataplane/base/drop_reason.h"
#include "dataplane/flow/flow_table.h"

namespace mosd::dataplane {

struct FrameCounts {
  uint64_t received = 0;
  uint64_t received_bytes = 0;
  uint64_t accounted = 0;
  uint64_t drops[kDropReasonCount] = {};
  uint64_t handed_out = 0;
  uint64_t handed_in = 0;
  uint64_t retransmitted = 0;

  void Drop(DropReason reason, uint64_t frames = 1) {
    drops[static_cast<size_t>(reason)] += frames;
  }
};

struct WorkerCounts {
  FrameCounts frames;
  FlowTableCounts flows;
};

}  // namespace mosd::dataplane
