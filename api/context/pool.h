// Objects of one kind for one worker: as many as `capacity`, out of memory that
// is taken from the system as it is used and never given back, so that taking
// and giving allocate nothing. Objects are plain data with a member
// `uint32_t next_free`. Thread-compatible.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "dataplane/base/region.h"

namespace mosd::api {

template <typename T>
class Pool {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  // RESOURCE_EXHAUSTED.
  static absl::StatusOr<Pool> Create(uint32_t capacity) {
    auto region = dataplane::Region::Map(uint64_t{capacity} * sizeof(T));
    if (!region.ok()) return region.status();
    return Pool(*std::move(region), capacity);
  }

  // A value-initialized object, or null: all are in use.
  T* Take() {
    uint32_t index = free_;
    if (index != kNone) {
      free_ = objects()[index].next_free;
    } else if (used_ < capacity_) {
      index = used_++;
    } else {
      return nullptr;
    }
    ++in_use_;
    objects()[index] = T{};
    return &objects()[index];
  }

  void Give(T* object) {
    object->next_free = free_;
    free_ = IndexOf(*object);
    --in_use_;
  }

  uint32_t IndexOf(const T& object) const {
    return static_cast<uint32_t>(&object - objects());
  }
  T& operator[](uint32_t index) { return objects()[index]; }
  // Every index that was ever taken is below.
  uint32_t used() const { return used_; }
  uint32_t in_use() const { return in_use_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  Pool(dataplane::Region region, uint32_t capacity)
      : region_(std::move(region)), capacity_(capacity) {}

  T* objects() { return reinterpret_cast<T*>(region_.data()); }
  const T* objects() const {
    return reinterpret_cast<const T*>(region_.data());
  }

  dataplane::Region region_;
  uint32_t capacity_;
  uint32_t used_ = 0;
  uint32_t free_ = kNone;
  uint32_t in_use_ = 0;
};

}  // namespace mosd::api
