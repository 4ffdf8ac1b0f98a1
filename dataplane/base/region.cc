#include "dataplane/base/region.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {

Region::Region(Region&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Region& Region::operator=(Region&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Region::~Region() {
  if (data_ != nullptr) munmap(data_, size_);
}

absl::StatusOr<Region> Region::Map(size_t bytes, PageSize pages) {
  const size_t size = SizeFor(bytes);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "cannot map ", size >> 20, " MiB: ", std::strerror(errno),
        "; lower dataplane.max_flows or dataplane.last_frame.memory"));
  }
  // Only a hint: without transparent huge pages all works, more slowly.
  madvise(memory, size,
          pages == PageSize::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return Region(static_cast<std::byte*>(memory), size);
}

}  // namespace mosd::dataplane
