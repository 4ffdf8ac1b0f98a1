// The cache line that the end of a stream lies in, kept beside its memory: so
// that the line need not be read before more is written into it, and bytes that
// nobody is about to read pass the caches in whole lines. Thread-compatible.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "api/copy_bytes.h"
#include "dataplane/frame/frame_copy.h"

namespace mosd::api {

struct alignas(64) OpenLine {
  static constexpr size_t kBytes = 64;

  uint8_t bytes[kBytes];

  // Writes the next `length` bytes of the stream to `to`. `known`: those before
  // them, in their line, are in `bytes`. Afterwards the last ones are. What
  // follows them in their line in memory is lost.
  void Write(uint8_t* to, const uint8_t* from, size_t length, bool known) {
    const size_t head = reinterpret_cast<uintptr_t>(to) % kBytes;
    size_t done = 0;
    if (head != 0) {
      done = std::min(kBytes - head, length);
      if (!known) std::memcpy(bytes, to - head, head);
      std::memcpy(bytes + head, from, done);
      dataplane::StreamLine(to - head, bytes);
    }
    for (; done + kBytes <= length; done += kBytes) {
      dataplane::StreamLine(to + done, from + done);
    }
    if (done != length) {
      std::memcpy(bytes, from + done, length - done);
      dataplane::StreamLine(to + done, bytes);
    }
  }
};

}  // namespace mosd::api
