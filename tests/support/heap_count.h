// How often the calling thread has taken memory from the heap. A program that
// links this has its malloc(3) and relatives counted.
#pragma once

#include <cstdint>

namespace mosd::testing {

uint64_t HeapAllocations();

}  // namespace mosd::testing
