#include "controlplane/grpc/flow_handle.h"

#include <cstring>

namespace mosd::controlplane {
namespace {

constexpr size_t kEpochDigits = 8;

using Bytes = uint8_t __attribute__((vector_size(16)));

// Numbers below 16 as text.
Bytes HexDigits(Bytes numbers) {
  const auto is_letter = reinterpret_cast<Bytes>(numbers > 9);
  return numbers + '0' + (is_letter & ('a' - 10 - '0'));
}

bool GetHex(absl::string_view text, uint64_t* value) {
  *value = 0;
  for (const char c : text) {
    uint64_t digit;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint64_t>(c - 'a') + 10;
    } else {
      return false;
    }
    *value = *value << 4 | digit;
  }
  return true;
}

}  // namespace

std::string FlowHandle::ToText() const {
  std::string text(kTextSize, '0');
  Write(text.data());
  return text;
}

void FlowHandle::Write(char* text) const {
  // Lists write a million of these: all digits at once.
  const uint64_t words[] = {__builtin_bswap64(id.value),
                            __builtin_bswap32(epoch)};
  Bytes bytes;
  std::memcpy(&bytes, words, sizeof(bytes));
  const Bytes high = bytes >> 4;
  const Bytes low = bytes & 0xf;
  const Bytes of_id = HexDigits(__builtin_shufflevector(
      high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  const Bytes of_epoch = HexDigits(__builtin_shufflevector(
      high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
  std::memcpy(text, &of_epoch, kEpochDigits);
  std::memcpy(text + kEpochDigits, &of_id, sizeof(of_id));
}

bool FlowHandle::Parse(absl::string_view text, FlowHandle* handle) {
  uint64_t epoch;
  uint64_t id;
  if (text.size() != kTextSize ||
      !GetHex(text.substr(0, kEpochDigits), &epoch) ||
      !GetHex(text.substr(kEpochDigits), &id)) {
    return false;
  }
  handle->epoch = static_cast<uint32_t>(epoch);
  handle->id.value = id;
  return true;
}

}  // namespace mosd::controlplane
