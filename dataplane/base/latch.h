// A value that one thread replaces and others copy whole: the writer never
// waits, and a reader finds a complete value even while the writer is stopped
// in the middle of a replacement. Two copies stand side by side; the sequence
// number says which of them is at rest.
//
// The words are atomics, so that there is no data race in the language's sense
// (Boehm, "Can seqlocks get along with programming language memory models?",
// MSPC 2012), and carry release and acquire themselves, so that ThreadSanitizer
// can follow; on x86-64 that costs nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace mosd::dataplane {

// writer: one thread (Store); readers: any (Load). T has no padding that
// matters and a size that is a multiple of 8.
template <typename T>
class Latch {
 public:
  // Replaces the value. Wait-free.
  void Store(const T& value) {
    std::array<uint64_t, kWords> words;
    std::memcpy(words.data(), &value, sizeof(T));
    const uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    // The copy that readers of `sequence` do not use.
    auto& spare = copies_[(sequence + 1) & 1];
    for (size_t i = 0; i < kWords; ++i) {
      spare[i].store(words[i], std::memory_order_release);
    }
    sequence_.store(sequence + 1, std::memory_order_release);
  }

  // Copies the newest value; before the first Store, zeros. A reader is
  // disturbed only when a replacement is finished during its copy, and then
  // reads again: never by a writer that is stopped, and for long only by one
  // that does nothing but replace (measured beside such: 1.0 copies a value).
  T Load() const {
    std::array<uint64_t, kWords> words;
    for (;;) {
      const uint64_t before = sequence_.load(std::memory_order_acquire);
      const auto& copy = copies_[before & 1];
      for (size_t i = 0; i < kWords; ++i) {
        words[i] = copy[i].load(std::memory_order_acquire);
      }
      // A word of the replacement after next, which overwrites this copy, is
      // stored after the sequence number of the next one: had we met such a
      // word, we would see that number.
      if (sequence_.load(std::memory_order_relaxed) == before) break;
    }
    T value;
    std::memcpy(static_cast<void*>(&value), words.data(), sizeof(T));
    return value;
  }

 private:
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(sizeof(T) % sizeof(uint64_t) == 0);
  static_assert(std::atomic<uint64_t>::is_always_lock_free);
  static constexpr size_t kWords = sizeof(T) / sizeof(uint64_t);

  alignas(64) std::atomic<uint64_t> sequence_{0};
  alignas(64) std::array<std::atomic<uint64_t>, kWords> copies_[2] = {};
};

}  // namespace mosd::dataplane
