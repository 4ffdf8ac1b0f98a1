// The two ends of a flow. Values are those of mOS (MOS_SIDE_CLI, MOS_SIDE_SVR).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mosd::dataplane {

enum class Side : uint8_t { kClient = 0, kServer = 1 };

inline constexpr size_t kSides = 2;

constexpr Side Other(Side side) {
  return static_cast<Side>(1 - static_cast<uint8_t>(side));
}

constexpr size_t Index(Side side) { return static_cast<size_t>(side); }

}  // namespace mosd::dataplane
