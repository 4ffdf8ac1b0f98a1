// The hash of a flow key by AES rounds, in line. By the instruction itself:
// a function that is compiled for a processor with it cannot be put into one
// that is not. Any thread; call it only where the processor has AES.
#pragma once

#if defined(__x86_64__)
#include <emmintrin.h>

#include <cstdint>

namespace mosd::dataplane {

// One round of encryption (Intel SDM volume 2, AESENC).
inline __m128i AesRound(__m128i state, __m128i key) {
  asm("aesenc %1, %0" : "+x"(state) : "xm"(key));
  return state;
}

// Half of the last state: as good as any other 64 bits of it.
inline uint64_t AesHalf(__m128i state) {
  return static_cast<uint64_t>(_mm_cvtsi128_si64(state));
}

// Of one block, under a secret of four: after four rounds every output bit
// depends on every input bit, and for any difference of two inputs a given one
// of the outputs has a chance of at most 2^-113 (Keliher and Sui, 2007).
inline uint64_t AesHash(const __m128i secret[4], __m128i block) {
  __m128i state = _mm_xor_si128(block, secret[0]);
  state = AesRound(state, secret[1]);
  state = AesRound(state, secret[2]);
  state = AesRound(state, secret[3]);
  return AesHalf(AesRound(state, secret[0]));
}

// Of three blocks. Each is mixed in under a secret of its own by two rounds,
// and three more spread the last one.
inline uint64_t AesHash(const __m128i secret[4], __m128i a, __m128i b,
                        __m128i c) {
  __m128i state = _mm_xor_si128(a, secret[0]);
  state = AesRound(state, secret[1]);
  state = AesRound(state, _mm_xor_si128(b, secret[2]));
  state = AesRound(state, secret[3]);
  state = AesRound(state, _mm_xor_si128(c, secret[0]));
  state = AesRound(state, secret[1]);
  state = AesRound(state, secret[2]);
  return AesHalf(AesRound(state, secret[3]));
}

}  // namespace mosd::dataplane
#endif
