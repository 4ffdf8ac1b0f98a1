// Segments of a few connections that nearly fit, made from the bytes of an
// input. A sequence number has one byte of payload that goes with it, whoever
// sends it and how often: whatever a program peeks can be checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/support/bytes.h"
#include "tests/support/tcp_script.h"

namespace mosd::testing {

// Bytes of an input, one after the other; zeros when there are no more.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  uint8_t Next() {
    if (bytes_.empty()) return 0;
    const uint8_t next = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return next;
  }
  // One of the elements.
  template <typename T, size_t kCount>
  const T& OneOf(const T (&of)[kCount]) {
    return of[Next() % kCount];
  }

 private:
  std::span<const uint8_t> bytes_;
};

inline uint8_t PayloadByteAt(uint32_t seq) {
  return static_cast<uint8_t>((seq * 0x9e3779b1u) >> 24);
}

// Bytes of payload that begin with that of `seq`.
Bytes PayloadFrom(uint32_t seq, size_t bytes);

// A frame, and how much of it there is beyond `bytes`.
struct WireFrame {
  Bytes bytes;
  uint32_t wire_length = 0;  // 0: no more
  size_t split = 0;          // 0: in one segment
};

class Wire {
 public:
  // What the next few bytes of the input say, frame by frame, to `send`.
  template <typename Send>
  void Step(Input* input, Send send) {
    WireFrame frames[3];
    const size_t count = Make(input, frames);
    for (size_t i = 0; i < count; ++i) send(frames[i]);
  }

 private:
  static constexpr size_t kConnections = 4;  // the last over IPv6

  // Where both ends of a connection are.
  struct Connection {
    uint32_t initial[2];
    uint32_t next[2];
  };

  size_t Make(Input* input, WireFrame* frames);
  size_t Open(Input* input, size_t connection, WireFrame* frames);
  Bytes Segment(size_t connection, dataplane::Side sender,
                std::string_view flags, uint32_t seq, uint32_t ack,
                size_t payload_bytes) const;
  Bytes Data(Input* input, size_t connection, dataplane::Side sender,
             std::string_view flags);

  Connection connections_[kConnections] = {
      {{0, 0}, {1, 1}}, {{0, 0}, {1, 1}}, {{0, 0}, {1, 1}}, {{0, 0}, {1, 1}}};
};

}  // namespace mosd::testing
