// Which processors this process may run on. Any thread.
#pragma once

#include <cstdint>

namespace mosd::controlplane {

// Bit n: processor n, of the first 64. None if it may only run on others, or
// if the kernel does not say.
uint64_t UsableCpus();

}  // namespace mosd::controlplane
