// The bytes of a frame that are really there, and the only way to them: a
// header or a run of bytes is handed out whole or not at all, so that no
// caller can read past the end. A view; it owns nothing. Offsets in bytes from
// the start of the frame. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace mosd::dataplane {

class FrameBytes {
 public:
  explicit FrameBytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool Has(size_t offset, size_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }

  // The header at `offset`, as long as the frame's bytes live; null unless
  // every byte of it is there.
  template <typename Header>
  const Header* At(size_t offset) const {
    static_assert(alignof(Header) == 1 && std::is_trivially_copyable_v<Header>);
    if (!Has(offset, sizeof(Header))) return nullptr;
    const uint8_t* const at = bytes_.data() + offset;
    if (at == nullptr) __builtin_unreachable();  // there are bytes
    return reinterpret_cast<const Header*>(at);
  }

  // `size` bytes at `offset`; none unless all of them are there.
  std::span<const uint8_t> Run(size_t offset, size_t size) const {
    return Has(offset, size) ? bytes_.subspan(offset, size)
                             : std::span<const uint8_t>();
  }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace mosd::dataplane
