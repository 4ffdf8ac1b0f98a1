#include "controlplane/grpc/flow_handle.h"

namespace mosd::controlplane {
namespace {

constexpr size_t kEpochDigits = 8;

void PutHex(uint64_t value, size_t digits, char* out) {
  for (size_t i = digits; i-- > 0; value >>= 4) {
    out[i] = "0123456789abcdef"[value & 0xf];
  }
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
  PutHex(epoch, kEpochDigits, text);
  PutHex(id.value, kTextSize - kEpochDigits, text + kEpochDigits);
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
