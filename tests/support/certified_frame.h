// Frames that prove themselves: every byte, the length and the description of a
// frame follow from its slot and its sequence number, which stands in its first
// eight bytes. A mixture of two frames is found out by any word of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "dataplane/frame/last_frame.h"

namespace mosd::testing {

// Mixes 64 bits so that each of them depends on all (a finalizer of the
// murmur kind).
constexpr uint64_t MixBits(uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

class CertifiedFrame {
 public:
  static constexpr uint32_t kMinBytes = 14;
  static constexpr uint32_t kMaxBytes = 9000;

  CertifiedFrame(uint32_t slot, uint64_t sequence)
      : sequence_(sequence), seed_(MixBits(sequence ^ MixBits(slot + 1))) {}

  // Small ones mostly, full ones often, jumbo ones now and then.
  uint32_t length() const {
    const uint64_t kind = seed_ & 15;
    const uint64_t most = kind < 11 ? 200 : kind < 15 ? 1514 : kMaxBytes;
    return kMinBytes +
           static_cast<uint32_t>((seed_ >> 8) % (most - kMinBytes + 1));
  }

  dataplane::FrameRecord record() const {
    return {
        {static_cast<int64_t>(sequence_),
         length() + static_cast<uint32_t>(seed_ >> 60),
         static_cast<uint8_t>(seed_ >> 4), 0, static_cast<uint16_t>(length())},
        {seed_, static_cast<uint32_t>(~seed_)}};
  }

  // `bytes` has length().
  void Write(uint8_t* bytes) const {
    std::memcpy(bytes, &sequence_, sizeof(sequence_));
    ForEachWord(length(), [&](size_t at, uint64_t word, size_t size) {
      std::memcpy(bytes + at, &word, size);
      return true;
    });
  }

  // Whether what was read is this frame, or, with `shortened`, a part of it.
  bool Matches(const dataplane::FrameRecord& read,
               std::span<const uint8_t> bytes, bool shortened = false) const {
    const dataplane::FrameRecord expected = record();
    return read.capture_time_ns == expected.capture_time_ns &&
           read.stream_offset == expected.stream_offset &&
           read.wire_length == expected.wire_length &&
           read.generation == expected.generation &&
           read.port == expected.port && read.captured_length == bytes.size() &&
           (shortened ? bytes.size() < expected.captured_length
                      : bytes.size() == expected.captured_length) &&
           SequenceOf(bytes) == sequence_ &&
           ForEachWord(
               bytes.size(), [&](size_t at, uint64_t word, size_t size) {
                 return std::memcmp(bytes.data() + at, &word, size) == 0;
               });
  }

  static uint64_t SequenceOf(std::span<const uint8_t> bytes) {
    uint64_t sequence = 0;
    std::memcpy(&sequence, bytes.data(),
                std::min(bytes.size(), sizeof(sequence)));
    return sequence;
  }

 private:
  // visit(offset, word, bytes of it) until it returns false.
  template <typename Visit>
  bool ForEachWord(size_t size, Visit visit) const {
    uint64_t word = seed_;
    for (size_t at = sizeof(sequence_); at < size; at += sizeof(word)) {
      if (!visit(at, word, std::min(size - at, sizeof(word)))) return false;
      word += 0x9e3779b97f4a7c15;
    }
    return true;
  }

  uint64_t sequence_;
  uint64_t seed_;
};

}  // namespace mosd::testing
