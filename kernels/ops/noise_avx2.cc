#include "kernels/ops/noise_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstdint>

// As noise_avx512.cc, four blocks at a time.

namespace winnow::ops::avx2 {
namespace {

void FourBlocks(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words) {
  const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
  const __m256i multiplier0 = _mm256_set1_epi64x(0xD2511F53);
  const __m256i multiplier1 = _mm256_set1_epi64x(0xCD9E8D57);
  const __m256i index = _mm256_add_epi64(_mm256_set1_epi64x(static_cast<long long>(counter)),
                                         _mm256_setr_epi64x(0, 1, 2, 3));
  __m256i x0 = _mm256_and_si256(index, low);
  __m256i x1 = _mm256_srli_epi64(index, 32);
  __m256i x2 = _mm256_set1_epi64x(static_cast<long long>(stream & 0xFFFFFFFF));
  __m256i x3 = _mm256_set1_epi64x(static_cast<long long>(stream >> 32));
  auto k0 = static_cast<uint32_t>(key);
  auto k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const __m256i p0 = _mm256_mul_epu32(x0, multiplier0);
    const __m256i p1 = _mm256_mul_epu32(x2, multiplier1);
    x0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), x1), _mm256_set1_epi64x(k0));
    x1 = _mm256_and_si256(p1, low);
    x2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), x3), _mm256_set1_epi64x(k1));
    x3 = _mm256_and_si256(p0, low);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const __m256i a = _mm256_or_si256(x0, _mm256_slli_epi64(x1, 32));
  const __m256i b = _mm256_or_si256(x2, _mm256_slli_epi64(x3, 32));
  const __m256i even = _mm256_unpacklo_epi64(a, b);  // blocks 0 and 2
  const __m256i odd = _mm256_unpackhi_epi64(a, b);   // blocks 1 and 3
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(words),
                      _mm256_permute2x128_si256(even, odd, 0x20));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 8),
                      _mm256_permute2x128_si256(even, odd, 0x31));
}

}  // namespace

void PhiloxBlocks(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words) {
  FourBlocks(key, stream, counter, words);
  FourBlocks(key, stream, counter + 4, words + 16);
}

}  // namespace winnow::ops::avx2

#endif  // defined(__x86_64__)
