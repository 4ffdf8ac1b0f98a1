// Numbers that one thread writes and others read. Each value is whole; whoever
// reads one also sees what its writer wrote before it (release and acquire),
// which lets a reader validate what it has read afterwards (ReadFlowRecord). On
// x86-64 they compile to plain loads and stores.
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

  T Get() const { return value_.load(std::memory_order_acquire); }
  void Set(T value) { value_.store(value, std::memory_order_release); }
  void Add(T delta) { Set(static_cast<T>(Get() + delta)); }

 private:
  static_assert(std::atomic<T>::is_always_lock_free);
  std::atomic<T> value_{};
};

}  // namespace mosd::dataplane
