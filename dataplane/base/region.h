// A large piece of anonymous memory that is zero at first and backed as it is
// touched, by transparent huge pages where that is wanted.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mosd::dataplane {

enum class PageSize {
  kUsual,
  kHuge,  // where the kernel has them
};

class Region {
 public:
  Region() = default;
  Region(Region&& other) noexcept;
  Region& operator=(Region&& other) noexcept;
  ~Region();

  // What Map() takes for `bytes`: whole huge pages.
  static constexpr size_t SizeFor(size_t bytes) {
    constexpr size_t kHugePage = size_t{2} << 20;
    return (bytes + kHugePage - 1) / kHugePage * kHugePage;
  }

  // RESOURCE_EXHAUSTED when the address space or the overcommit policy refuses
  // `bytes`.
  static absl::StatusOr<Region> Map(size_t bytes,
                                    PageSize pages = PageSize::kHuge);

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  Region(std::byte* data, size_t size) : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace mosd::dataplane
