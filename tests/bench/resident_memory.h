// What the process has of the machine's memory.
#pragma once

#include <cstdint>

namespace mosd::bench {

// Bytes that are resident now (/proc/self/statm, proc(5)).
uint64_t ResidentBytes();

}  // namespace mosd::bench
