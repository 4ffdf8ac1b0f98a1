#include "controlplane/grpc/flow_handle.h"

#include <emmintrin.h>

namespace mosd::controlplane {
namespace {

constexpr size_t kEpochDigits = 8;

// Sixteen numbers below 16 as text.
__m128i HexDigits(__m128i numbers) {
  const __m128i is_letter = _mm_cmpgt_epi8(numbers, _mm_set1_epi8(9));
  const __m128i zero_or_letter =
      _mm_add_epi8(_mm_set1_epi8('0'),
                   _mm_and_si128(is_letter, _mm_set1_epi8('a' - 10 - '0')));
  return _mm_add_epi8(numbers, zero_or_letter);
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
  // Lists write a million of these: all digits at once, by SSE2.
  const __m128i bytes =
      _mm_set_epi64x(static_cast<int64_t>(__builtin_bswap64(id.value)),
                     __builtin_bswap32(epoch));
  const __m128i four_bits = _mm_set1_epi8(0xf);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), four_bits);
  const __m128i low = _mm_and_si128(bytes, four_bits);
  const auto at = [text](size_t digit) {
    return reinterpret_cast<__m128i*>(text + digit);
  };
  _mm_storel_epi64(at(0), HexDigits(_mm_unpacklo_epi8(high, low)));
  _mm_storeu_si128(at(kEpochDigits), HexDigits(_mm_unpackhi_epi8(high, low)));
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
