#include "kernels/ops/noise_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstdint>

// One block a 64-bit lane, its four numbers in the lower halves of four vectors: the multiplication
// of 32 by 32 bits to 64 is then one instruction.

namespace winnow::ops::avx512 {

void PhiloxBlocks(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words) {
  const __m512i low = _mm512_set1_epi64(0xFFFFFFFF);
  const __m512i multiplier0 = _mm512_set1_epi64(0xD2511F53);
  const __m512i multiplier1 = _mm512_set1_epi64(0xCD9E8D57);
  const __m512i index = _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(counter)),
                                         _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
  __m512i x0 = _mm512_and_si512(index, low);
  __m512i x1 = _mm512_maskz_srli_epi64(0xFF, index, 32);
  __m512i x2 = _mm512_set1_epi64(static_cast<long long>(stream & 0xFFFFFFFF));
  __m512i x3 = _mm512_set1_epi64(static_cast<long long>(stream >> 32));
  auto k0 = static_cast<uint32_t>(key);
  auto k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const __m512i p0 = _mm512_maskz_mul_epu32(0xFF, x0, multiplier0);
    const __m512i p1 = _mm512_maskz_mul_epu32(0xFF, x2, multiplier1);
    const __m512i high0 = _mm512_maskz_srli_epi64(0xFF, p0, 32);
    const __m512i high1 = _mm512_maskz_srli_epi64(0xFF, p1, 32);
    x0 = _mm512_xor_si512(_mm512_xor_si512(high1, x1), _mm512_set1_epi64(k0));
    x1 = _mm512_and_si512(p1, low);
    x2 = _mm512_xor_si512(_mm512_xor_si512(high0, x3), _mm512_set1_epi64(k1));
    x3 = _mm512_and_si512(p0, low);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const __m512i a = _mm512_or_si512(x0, _mm512_maskz_slli_epi64(0xFF, x1, 32));
  const __m512i b = _mm512_or_si512(x2, _mm512_maskz_slli_epi64(0xFF, x3, 32));
  const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
  const __m512i second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  _mm512_storeu_si512(words, _mm512_permutex2var_epi64(a, first, b));
  _mm512_storeu_si512(words + 16, _mm512_permutex2var_epi64(a, second, b));
}

}  // namespace winnow::ops::avx512

#endif  // defined(__x86_64__)
