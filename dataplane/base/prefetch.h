// Brings a cache line near before it is needed. Never faults, any address.
//
// Not by __builtin_prefetch: to g++ 12 an inline function that does nothing
// else has no effect, and it leaves out the calls of it.
#pragma once

namespace mosd::dataplane {

// To be read.
inline void Prefetch(const void* line) {
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line);
#endif
}

// To be written: readers on other cores lose it. On a processor without the
// instruction this is none (Intel SDM volume 2, PREFETCHW).
inline void PrefetchToWrite(const void* line) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line, 1);
#endif
}

}  // namespace mosd::dataplane
