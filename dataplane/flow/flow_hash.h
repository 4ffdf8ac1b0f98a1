// Keyed hash of flow keys. Whoever does not know the key cannot make tuples
// that collide, which a CRC or a NIC's hash would allow. AES rounds where the
// processor has them, SipHash-2-4 (Aumasson and Bernstein, 2012) elsewhere.
// Immutable after construction; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/flow/aes_rounds.h"
#include "dataplane/flow/flow_key.h"

namespace mosd::dataplane {

class FlowHash {
 public:
  // Takes its key from getrandom(2). `allow_aes` false forces SipHash.
  explicit FlowHash(bool allow_aes = true);

  uint64_t operator()(const FlowKey& key) const {
    return uses_aes_ ? HashAes(key) : HashSip(key);
  }
  // Of a key of IPv4.
  uint64_t operator()(const FlowKeyHead& key) const {
    return uses_aes_ ? HashAes(key) : HashSip(key.Ipv4());
  }

  bool uses_aes() const { return uses_aes_; }

 private:
  inline uint64_t HashAes(const FlowKey& key) const;
  inline uint64_t HashAes(const FlowKeyHead& key) const;
  uint64_t HashSip(const FlowKey& key) const;

  alignas(16) uint8_t secret_[64];
  bool uses_aes_;
};

#if defined(__x86_64__)
inline uint64_t FlowHash::HashAes(const FlowKey& key) const {
  if (key.version == IpVersion::kIpv4) return HashAes(FlowKeyHead::Of(key));
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&key);
  const auto block = [bytes](size_t at) {
    return reinterpret_cast<const __m128i*>(bytes + at);
  };
  return AesHash(reinterpret_cast<const __m128i*>(secret_),
                 _mm_loadu_si128(block(0)), _mm_loadu_si128(block(16)),
                 _mm_loadl_epi64(block(32)));
}

inline uint64_t FlowHash::HashAes(const FlowKeyHead& key) const {
  return AesHash(
      reinterpret_cast<const __m128i*>(secret_),
      _mm_set_epi64x(int64_t{key.ports}, static_cast<int64_t>(key.addresses)));
}
#else
inline uint64_t FlowHash::HashAes(const FlowKey& key) const {
  return HashSip(key);
}
inline uint64_t FlowHash::HashAes(const FlowKeyHead& key) const {
  return HashSip(key.Ipv4());
}
#endif

// SipHash-2-4 of `size` bytes under a 16-byte key.
uint64_t SipHash24(const uint8_t key[16], const void* data, size_t size);

}  // namespace mosd::dataplane
