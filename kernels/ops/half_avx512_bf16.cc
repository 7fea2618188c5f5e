#include "kernels/ops/half_avx512_bf16.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// The register tiles of dense_avx512.cc with words for floats: vdpbf16ps multiplies pairs and adds
// both products to a float, at twice the multiply-adds of a float instruction. It rounds to nearest
// and takes denormal numbers as 0.

namespace winnow::ops::avx512_bf16 {
namespace {

constexpr int64_t kVector = 16;
constexpr int64_t kGradientPairs = 128;   // of rows that a pass over the tiles keeps in cache
constexpr int64_t kGradientColumns = 64;  // four vectors
constexpr int64_t kAhead = 8;             // pairs that are prefetched

inline int64_t Min(int64_t a, int64_t b) { return a < b ? a : b; }

// Mask of the first `count` lanes; all 16 for count >= 16.
inline __mmask16 FirstLanes(int64_t count) {
  return count >= kVector ? 0xFFFF : static_cast<__mmask16>((1u << count) - 1);
}

inline __m512bh LoadPairs(const uint32_t* words) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(words));
}

inline __m512bh Broadcast(uint32_t word) {
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(word)));
}

inline void Store(float* c, __m512 value, int64_t left) {
  if (left >= kVector) {
    _mm512_storeu_ps(c, value);
  } else {
    _mm512_mask_storeu_ps(c, FirstLanes(left), value);
  }
}

inline __m512 Finish(const HalfPanelProduct& p, __m512 sum, int64_t row, int64_t column) {
  if (p.bias != nullptr) sum = _mm512_add_ps(sum, _mm512_loadu_ps(p.bias + column));
  if (p.relu) {
    const __mmask16 off = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LE_OQ);
    sum = _mm512_mask_mov_ps(sum, off, _mm512_setzero_ps());
  }
  if (p.active != nullptr) {
    const __mmask16 lanes = FirstLanes(p.columns - column);
    const __m512 active = _mm512_maskz_loadu_ps(lanes, p.active + row * p.active_stride + column);
    const __mmask16 on = _mm512_cmp_ps_mask(active, _mm512_setzero_ps(), _CMP_GT_OQ);
    sum = _mm512_maskz_mul_ps(on, _mm512_set1_ps(p.scale), sum);
  }
  return sum;
}

template <int R, int V>
inline void ProductTile(const HalfPanelProduct& p, int64_t row) {
  const uint32_t* a = p.a + row * p.lda;
  const uint32_t* b = p.panel;
  float* c = p.c + row * p.ldc;
  __m512 sum[R][V];
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      sum[i][v] = !p.accumulate ? _mm512_setzero_ps()
                                : _mm512_maskz_loadu_ps(FirstLanes(p.columns - kVector * v),
                                                        c + i * p.ldc + kVector * v);
    }
  }
  const int64_t inner = p.inner, lda = p.lda;
  for (int64_t k = 0; k < inner; ++k) {
    __m512bh w[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) w[v] = LoadPairs(b + kVector * v);
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i) {
      const __m512bh x = Broadcast(a[i * lda + k]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], x, w[v]);
    }
    b += V * kVector;
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int64_t column = kVector * v;
      Store(c + i * p.ldc + column, Finish(p, sum[i][v], row + i, column), p.columns - column);
    }
  }
}

template <int V>
void ProductPanel(const HalfPanelProduct& p) {
  int64_t row = 0;
  for (; row + 8 <= p.rows; row += 8) ProductTile<8, V>(p, row);
  if (row + 4 <= p.rows) ProductTile<4, V>(p, row), row += 4;
  if (row + 2 <= p.rows) ProductTile<2, V>(p, row), row += 2;
  if (row < p.rows) ProductTile<1, V>(p, row);
}

// Inputs [input, input + R) by columns [column, column + 16 V), pairs [begin, end).
template <int R, int V>
inline void GradientTile(const HalfGradientProduct& p, int64_t input, int64_t column, int64_t begin,
                         int64_t end) {
  const uint32_t* x = p.x + begin * p.ldx + input;
  const uint32_t* dz = p.dz + begin * p.ldz + column;
  float* g = p.g + input * p.ldg + column;
  __m512 sum[R][V];
#pragma GCC unroll 8
  for (int k = 0; k < R; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      sum[k][v] = begin == 0 ? _mm512_setzero_ps()
                             : _mm512_maskz_loadu_ps(FirstLanes(p.outputs - column - kVector * v),
                                                     g + k * p.ldg + kVector * v);
    }
  }
  const int64_t ldx = p.ldx, ldz = p.ldz;
  for (int64_t i = begin; i < end; ++i) {
    __m512bh d[V];
    _mm_prefetch(reinterpret_cast<const char*>(x + kAhead * ldx), _MM_HINT_T0);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      _mm_prefetch(reinterpret_cast<const char*>(dz + kAhead * ldz + kVector * v), _MM_HINT_T0);
      d[v] = LoadPairs(dz + kVector * v);
    }
#pragma GCC unroll 8
    for (int k = 0; k < R; ++k) {
      const __m512bh factor = Broadcast(x[k]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[k][v] = _mm512_dpbf16_ps(sum[k][v], factor, d[v]);
    }
    x += ldx;
    dz += ldz;
  }
#pragma GCC unroll 8
  for (int k = 0; k < R; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      Store(g + k * p.ldg + kVector * v, sum[k][v], p.outputs - column - kVector * v);
    }
  }
}

template <int V>
void GradientColumns(const HalfGradientProduct& p, int64_t column, int64_t begin, int64_t end) {
  int64_t k = 0;
  for (; k + 6 <= p.inputs; k += 6) GradientTile<6, V>(p, k, column, begin, end);
  if (k + 4 <= p.inputs) GradientTile<4, V>(p, k, column, begin, end), k += 4;
  if (k + 2 <= p.inputs) GradientTile<2, V>(p, k, column, begin, end), k += 2;
  if (k < p.inputs) GradientTile<1, V>(p, k, column, begin, end);
}

}  // namespace

void RoundTwoRows(int64_t n, const float* even, const float* odd, uint16_t* half_even,
                  uint16_t* half_odd, uint32_t* pairs) {
  for (int64_t j = 0; j < n; j += kVector) {
    const auto low = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_loadu_ps(even + j)));
    const auto high = odd == nullptr
                          ? _mm256_setzero_si256()
                          : reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_loadu_ps(odd + j)));
    const __m512i words = _mm512_or_si512(
        _mm512_maskz_cvtepu16_epi32(0xFFFF, low),
        _mm512_maskz_slli_epi32(0xFFFF, _mm512_maskz_cvtepu16_epi32(0xFFFF, high), 16));
    _mm512_storeu_si512(pairs + j, words);
    if (half_even == nullptr) continue;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(half_even + j), low);
    if (odd != nullptr) _mm256_storeu_si256(reinterpret_cast<__m256i*>(half_odd + j), high);
  }
}

void RunPanelProduct(const HalfPanelProduct& p) {
  if (p.columns > 2 * kVector) {
    ProductPanel<3>(p);
  } else if (p.columns > kVector) {
    ProductPanel<2>(p);
  } else {
    ProductPanel<1>(p);
  }
}

void RunGradientProduct(const HalfGradientProduct& p) {
  for (int64_t begin = 0; begin < p.pairs; begin += kGradientPairs) {
    const int64_t end = Min(begin + kGradientPairs, p.pairs);
    for (int64_t column = 0; column < p.outputs; column += kGradientColumns) {
      const int64_t left = p.outputs - column;
      if (left > 3 * kVector) {
        GradientColumns<4>(p, column, begin, end);
      } else if (left > 2 * kVector) {
        GradientColumns<3>(p, column, begin, end);
      } else if (left > kVector) {
        GradientColumns<2>(p, column, begin, end);
      } else {
        GradientColumns<1>(p, column, begin, end);
      }
    }
  }
}

}  // namespace winnow::ops::avx512_bf16

#endif  // defined(__x86_64__)
