// Numbers that one thread writes and others read. Relaxed atomics: each value
// is whole, nothing is said of its order among others. On x86-64 they compile
// to plain loads and stores.
#pragma once

#include <atomic>
#include <cstdint>

namespace mosd::dataplane {

// writer: one thread; readers: any.
template <typename T>
class SingleWriter {
 public:
  constexpr SingleWriter() = default;
  explicit constexpr SingleWriter(T value) : value_(value) {}

  T Get() const { return value_.load(std::memory_order_relaxed); }
  void Set(T value) { value_.store(value, std::memory_order_relaxed); }
  void Add(T delta) { Set(static_cast<T>(Get() + delta)); }

 private:
  static_assert(std::atomic<T>::is_always_lock_free);
  std::atomic<T> value_{};
};

}  // namespace mosd::dataplane
