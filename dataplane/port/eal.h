// DPDK's environment abstraction layer, brought up once in a process and never
// taken down: it cannot be brought up twice.
#pragma once

#include "absl/status/status.h"
#include "dataplane/options.h"

namespace mosd::dataplane {

// Brings EAL up on a thread of its own, so that the caller keeps its CPU
// affinity, or, the second time, checks that what is up serves `options`, too.
// Errors say what to do: RESOURCE_EXHAUSTED (memory, hugepages required but
// absent), PERMISSION_DENIED, FAILED_PRECONDITION (up, but with other memory
// or without PCI devices). Thread-safe.
absl::Status StartEal(const DataplaneOptions& options);

}  // namespace mosd::dataplane
