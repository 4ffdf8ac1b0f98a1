// What the kernel has of huge pages. Any thread.
#pragma once

#include <cstdint>

namespace mosd::dataplane {

// Free huge pages of every size that this process may take, in bytes: those of
// the machine, but no more than its control group is allowed.
uint64_t FreeHugepageBytes();

}  // namespace mosd::dataplane
