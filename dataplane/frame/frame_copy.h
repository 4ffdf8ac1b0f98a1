// Copies between a private buffer and memory that another thread may read or
// rewrite at the same time. Sizes in bytes; shared memory is 8-byte aligned,
// and its size is rounded up to whole words.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/base/small_copy.h"
#include "dataplane/base/thread_sanitizer.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mosd::dataplane {

// From this size on a store past the caches is cheaper than one through them
// when the destination is cold (see dataplane/README.md).
inline constexpr size_t kNonTemporalBytes = 512;

// Reads `size` bytes. Word by word with acquire, so that whatever the caller
// loads afterwards to validate the copy is loaded after it.
inline void CopyFromShared(void* to, const void* shared, size_t size) {
  auto* out = static_cast<uint8_t*>(to);
  const auto* words = static_cast<const std::atomic<uint64_t>*>(shared);
  const size_t whole = size / sizeof(uint64_t);
  for (size_t i = 0; i < whole; ++i) {
    const uint64_t word = words[i].load(std::memory_order_acquire);
    std::memcpy(out + i * sizeof(word), &word, sizeof(word));
  }
  const size_t rest = size % sizeof(uint64_t);
  if (rest != 0) {
    const uint64_t word = words[whole].load(std::memory_order_acquire);
    std::memcpy(out + whole * sizeof(word), &word, rest);
  }
}

// Writes a cache line, past the caches where that can be. `line` is aligned to
// it.
inline void StreamLine(uint8_t* line, const uint8_t* from) {
#if defined(__x86_64__)
  for (size_t lane = 0; lane < 64; lane += 16) {
    _mm_stream_si128(
        reinterpret_cast<__m128i*>(line + lane),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + lane)));
  }
#else
  std::memcpy(line, from, 64);
#endif
}

// Writes `size` bytes; whatever follows them in their last cache line belongs
// to the same buffer, and may be lost. Stores may pass the caches and are
// weakly ordered: call StoreFence() before publishing them. On x86-64 they are
// no atomics in the language's sense, but vectors: which of them a reader has
// met does not matter, since it throws the copy away if it has met any.
inline void CopyToShared(void* shared, const void* from, size_t size) {
  const auto* in = static_cast<const uint8_t*>(from);
#if defined(MOSD_THREAD_SANITIZER) || !defined(__x86_64__)
  auto* words = static_cast<std::atomic<uint64_t>*>(shared);
  for (size_t done = 0; done < size; done += sizeof(uint64_t)) {
    uint64_t word = 0;
    const size_t rest = size - done;
    std::memcpy(&word, in + done, rest < sizeof(word) ? rest : sizeof(word));
    words[done / sizeof(word)].store(word, std::memory_order_release);
  }
#else
  auto* out = static_cast<uint8_t*>(shared);
  if (size >= kNonTemporalBytes) {
    // Up to a cache line boundary, then whole lines past the caches.
    const size_t head = (64 - (reinterpret_cast<uintptr_t>(out) & 63)) & 63;
    std::memcpy(out, in, head);
    size_t done = head;
    for (; done + 64 <= size; done += 64) {
      StreamLine(out + done, in + done);
    }
    if (done != size) {
      alignas(64) uint8_t last[64] = {};
      std::memcpy(last, in + done, size - done);
      StreamLine(out + done, last);
    }
    return;
  }
  if (IsSmall(size)) {
    CopySmall(out, in, size);
  } else {
    std::memcpy(out, in, size);
  }
#endif
}

// Orders stores before it, non-temporal ones included, before stores after it.
inline void StoreFence() {
#if defined(__x86_64__)
  _mm_sfence();
#else
  std::atomic_thread_fence(std::memory_order_release);
#endif
}

}  // namespace mosd::dataplane
