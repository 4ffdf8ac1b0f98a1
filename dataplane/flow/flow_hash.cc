#include "dataplane/flow/flow_hash.h"

#include <sys/random.h>

#include <bit>
#include <chrono>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mosd::dataplane {
namespace {

uint64_t LoadWord(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

bool CpuHasAes() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") != 0;
#else
  return false;
#endif
}

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

}  // namespace

FlowHash::FlowHash(bool allow_aes) : uses_aes_(allow_aes && CpuHasAes()) {
  // getrandom(2) gives up to 256 bytes whole once the pool is ready, and fails
  // only where the kernel lacks it; the clock is then all that is left.
  if (getrandom(secret_, sizeof(secret_), 0) !=
      static_cast<ssize_t>(sizeof(secret_))) {
    const auto now =
        std::chrono::steady_clock::now().time_since_epoch().count();
    for (size_t i = 0; i < sizeof(secret_); i += sizeof(now)) {
      std::memcpy(secret_ + i, &now, sizeof(now));
    }
  }
  hash_ = uses_aes_ ? &HashAes : &HashSip;
}

#if defined(__x86_64__)
// Each 16-byte block is mixed in under a secret of its own by two rounds, and
// three more rounds spread the last one: every output bit depends on every
// input bit and on the secret.
__attribute__((target("aes,sse4.1"))) uint64_t FlowHash::HashAes(
    const FlowHash& self, const FlowKey& key) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  const auto* secret = reinterpret_cast<const __m128i*>(self.secret_);
  const __m128i k0 = _mm_load_si128(secret);
  const __m128i k1 = _mm_load_si128(secret + 1);
  const __m128i k2 = _mm_load_si128(secret + 2);
  const __m128i k3 = _mm_load_si128(secret + 3);
  const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i b =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16));
  const __m128i c =
      _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + 32));
  __m128i state = _mm_xor_si128(a, k0);
  state = _mm_aesenc_si128(state, k1);
  state = _mm_aesenc_si128(state, _mm_xor_si128(b, k2));
  state = _mm_aesenc_si128(state, k3);
  state = _mm_aesenc_si128(state, _mm_xor_si128(c, k0));
  state = _mm_aesenc_si128(state, k1);
  state = _mm_aesenc_si128(state, k2);
  state = _mm_aesenc_si128(state, k3);
  return static_cast<uint64_t>(_mm_cvtsi128_si64(state)) ^
         static_cast<uint64_t>(_mm_extract_epi64(state, 1));
}
#else
uint64_t FlowHash::HashAes(const FlowHash& self, const FlowKey& key) {
  return HashSip(self, key);
}
#endif

uint64_t FlowHash::HashSip(const FlowHash& self, const FlowKey& key) {
  return SipHash24(self.secret_, &key, sizeof(key));
}

uint64_t SipHash24(const uint8_t key[16], const void* data, size_t size) {
  const uint64_t k0 = LoadWord(key);
  const uint64_t k1 = LoadWord(key + 8);
  SipState state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
                 k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
  const auto* bytes = static_cast<const uint8_t*>(data);
  size_t left = size;
  for (; left >= 8; left -= 8, bytes += 8) state.Absorb(LoadWord(bytes));
  uint64_t last = static_cast<uint64_t>(size) << 56;
  for (size_t i = 0; i < left; ++i) {
    last |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  }
  state.Absorb(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace mosd::dataplane
