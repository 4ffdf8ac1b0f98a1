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
  const auto* const in = reinterpret_cast<const __m128i*>(from);
  auto* const out = reinterpret_cast<__m128i*>(line);
  const __m128i first = _mm_loadu_si128(in);
  const __m128i second = _mm_loadu_si128(in + 1);
  const __m128i third = _mm_loadu_si128(in + 2);
  const __m128i fourth = _mm_loadu_si128(in + 3);
  _mm_stream_si128(out, first);
  _mm_stream_si128(out + 1, second);
  _mm_stream_si128(out + 2, third);
  _mm_stream_si128(out + 3, fourth);
#else
  std::memcpy(line, from, 64);
#endif
}

#if defined(__x86_64__) && !defined(MOSD_THREAD_SANITIZER)
// The same with one store, of a register that no other code here uses; only
// where WideStores() says so. By the instruction itself, which is thus in line
// in what is compiled for any processor (Intel SDM volume 2, MOVNTDQ).
inline void StreamWholeLine(uint8_t* line, const uint8_t* from) {
  using Line = uint8_t[64];
  asm("vmovdqu64 %1, %%zmm16\n\t"
      "vmovntdq %%zmm16, %0"
      : "=m"(*reinterpret_cast<Line*>(line))
      : "m"(*reinterpret_cast<const Line*>(from)));
}

// Whether processor and kernel have vectors of 64 bytes.
inline bool WideStores() {
  static const bool wide = __builtin_cpu_supports("avx512f");
  return wide;
}

// Writes a cache line of which only `size` (1 to 63) bytes are wanted, past the
// caches; zeros follow them. At least 16 bytes lie before the end of `from`. No
// byte behind it is read, and none goes by way of the stack: a vector that is
// loaded from bytes just stored waits for them.
inline void StreamPart(uint8_t* line, const uint8_t* from, size_t size) {
  for (size_t lane = 0; lane < 64; lane += 16) {
    __m128i value = _mm_setzero_si128();
    if (lane + 16 <= size) {
      value = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + lane));
    } else if (lane < size) {
      // The last 16 bytes, moved down.
      unsigned __int128 last;
      std::memcpy(&last, from + size - 16, sizeof(last));
      last >>= 8 * (16 - (size - lane));
      value = _mm_set_epi64x(static_cast<int64_t>(last >> 64),
                             static_cast<int64_t>(last));
    }
    _mm_stream_si128(reinterpret_cast<__m128i*>(line + lane), value);
  }
}

// A large frame: what belongs to the cache line in which it begins, by way of
// the caches, since that line holds its header as well; the rest past them.
inline void StreamFrame(uint8_t* out, const uint8_t* in, size_t size) {
  const size_t head = (64 - (reinterpret_cast<uintptr_t>(out) & 63)) & 63;
  for (size_t done = 0; done < head; done += 8) {
    uint64_t word;
    std::memcpy(&word, in + done, sizeof(word));
    std::memcpy(out + done, &word, sizeof(word));
  }
  size_t done = head;
  if (WideStores()) {
    for (; done + 64 <= size; done += 64) {
      StreamWholeLine(out + done, in + done);
    }
  }
  for (; done + 64 <= size; done += 64) StreamLine(out + done, in + done);
  if (done != size) StreamPart(out + done, in + done, size - done);
}
#endif

// Writes `size` bytes. On x86-64 the stores are no atomics in the language's
// sense, but vectors: which of them a reader has met does not matter, since it
// throws the copy away if it has met any.
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
  if (IsSmall(size)) {
    CopySmall(out, in, size);
  } else {
    std::memcpy(out, in, size);
  }
#endif
}

// The same past the caches, of at least kNonTemporalBytes; whatever follows
// them in their last cache line belongs to the same buffer, and may be lost.
// Such stores are weakly ordered: this takes a StoreFence() before, and one
// behind.
inline void CopyPastCaches(void* shared, const void* from, size_t size) {
#if defined(MOSD_THREAD_SANITIZER) || !defined(__x86_64__)
  CopyToShared(shared, from, size);
#else
  StreamFrame(static_cast<uint8_t*>(shared), static_cast<const uint8_t*>(from),
              size);
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
