#include "dataplane/flow/flow_hash.h"

#include <sys/random.h>

#include <bit>
#include <chrono>
#include <cstring>

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
}

uint64_t FlowHash::HashSip(const FlowKey& key) const {
  return SipHash24(secret_, &key, sizeof(key));
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
