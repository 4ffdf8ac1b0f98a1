// Names one connection of this process: where its record lies, and which of
// the connections that lay there it is. Never zero for a flow.
#pragma once

#include <cstdint>

namespace mosd::dataplane {

struct FlowId {
  uint64_t value = 0;  // worker:8 | record:28 | generation:28

  static constexpr int kRecordBits = 28;
  static constexpr int kGenerationBits = 28;
  static constexpr uint32_t kGenerationMask = (1u << kGenerationBits) - 1;

  static constexpr FlowId Make(uint32_t worker, uint32_t record,
                               uint32_t generation) {
    return FlowId{(uint64_t{worker} << (kRecordBits + kGenerationBits)) |
                  (uint64_t{record} << kGenerationBits) |
                  (generation & kGenerationMask)};
  }
  constexpr uint32_t worker() const {
    return static_cast<uint32_t>(value >> (kRecordBits + kGenerationBits));
  }
  constexpr uint32_t record() const {
    return static_cast<uint32_t>(value >> kGenerationBits) &
           ((1u << kRecordBits) - 1);
  }
  constexpr uint32_t generation() const {
    return static_cast<uint32_t>(value) & kGenerationMask;
  }

  friend constexpr bool operator==(FlowId, FlowId) = default;
};

}  // namespace mosd::dataplane
