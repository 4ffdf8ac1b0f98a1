// Keyed hash of flow keys. Whoever does not know the key cannot make tuples
// that collide, which a CRC or a NIC's hash would allow. AES rounds where the
// processor has them, SipHash-2-4 (Aumasson and Bernstein, 2012) elsewhere.
// Immutable after construction; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/flow/flow_key.h"

namespace mosd::dataplane {

class FlowHash {
 public:
  // Takes its key from getrandom(2). `allow_aes` false forces SipHash.
  explicit FlowHash(bool allow_aes = true);

  uint64_t operator()(const FlowKey& key) const { return hash_(*this, key); }

  bool uses_aes() const { return uses_aes_; }

 private:
  static uint64_t HashAes(const FlowHash& self, const FlowKey& key);
  static uint64_t HashSip(const FlowHash& self, const FlowKey& key);

  alignas(16) uint8_t secret_[64];
  uint64_t (*hash_)(const FlowHash&, const FlowKey&);
  bool uses_aes_;
};

// SipHash-2-4 of `size` bytes under a 16-byte key.
uint64_t SipHash24(const uint8_t key[16], const void* data, size_t size);

}  // namespace mosd::dataplane
