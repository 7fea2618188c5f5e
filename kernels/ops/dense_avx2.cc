#include "kernels/ops/dense_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// Register tiles of 12 accumulators, 6 rows by 2 vectors, of the 16 registers there are.

namespace winnow::ops::avx2 {
namespace {

constexpr int64_t kVector = 8;
constexpr int64_t kTileColumns = 2 * kVector;
constexpr int64_t kGradientRows = 128;  // of X and dZ that a pass over the tiles keeps in cache
constexpr int64_t kAhead = 8;           // rows that are prefetched

inline int64_t Min(int64_t a, int64_t b) { return a < b ? a : b; }

// Mask of the first `count` lanes, any count.
inline __m256i FirstLanes(int64_t count) {
  const auto limit = static_cast<int>(count < 0 ? 0 : Min(count, kVector));
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

inline void Store(float* c, __m256 value, int64_t left) {
  if (left >= kVector) {
    _mm256_storeu_ps(c, value);
  } else {
    _mm256_maskstore_ps(c, FirstLanes(left), value);
  }
}

inline __m256 Load(const float* c, int64_t left) {
  return left >= kVector ? _mm256_loadu_ps(c) : _mm256_maskload_ps(c, FirstLanes(left));
}

inline __m256 Finish(const PanelProduct& p, __m256 sum, int64_t row, int64_t column) {
  if (p.bias != nullptr) sum = _mm256_add_ps(sum, _mm256_loadu_ps(p.bias + column));
  if (p.relu) {
    sum = _mm256_andnot_ps(_mm256_cmp_ps(sum, _mm256_setzero_ps(), _CMP_LE_OQ), sum);
  }
  if (p.active != nullptr) {
    const __m256 active = Load(p.active + row * p.active_stride + column, p.columns - column);
    sum = _mm256_and_ps(_mm256_cmp_ps(active, _mm256_setzero_ps(), _CMP_GT_OQ),
                        _mm256_mul_ps(_mm256_set1_ps(p.scale), sum));
  }
  return sum;
}

// Rows [row, row + R) by columns [column, column + 16).
template <int R>
inline void ProductTile(const PanelProduct& p, int64_t stride, int64_t column, int64_t row) {
  const float* a = p.a + row * p.lda;
  const float* b = p.panel + column;
  float* c = p.c + row * p.ldc + column;
  const int64_t left = p.columns - column;
  __m256 sum[R][2];
#pragma GCC unroll 6
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      sum[i][v] = !p.accumulate ? _mm256_setzero_ps()
                                : Load(c + i * p.ldc + kVector * v, left - kVector * v);
    }
  }
  const int64_t inner = p.inner, lda = p.lda;
  for (int64_t k = 0; k < inner; ++k) {
    const __m256 w0 = _mm256_loadu_ps(b), w1 = _mm256_loadu_ps(b + kVector);
#pragma GCC unroll 6
    for (int i = 0; i < R; ++i) {
      const __m256 x = _mm256_broadcast_ss(a + i * lda + k);
      sum[i][0] = _mm256_fmadd_ps(x, w0, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(x, w1, sum[i][1]);
    }
    b += stride;
  }
#pragma GCC unroll 6
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      const int64_t at = kVector * v;
      if (at >= left) continue;
      Store(c + i * p.ldc + at, Finish(p, sum[i][v], row + i, column + at), left - at);
    }
  }
}

// Inputs [input, input + R) by columns [column, column + 16), rows [begin, end).
template <int R>
inline void GradientTile(const GradientProduct& p, int64_t input, int64_t column, int64_t begin,
                         int64_t end) {
  const float* x = p.x + begin * p.ldx + input;
  const float* dz = p.dz + begin * p.ldz + column;
  float* g = p.g + input * p.ldg + column;
  const int64_t left = p.outputs - column;
  __m256 sum[R][2];
#pragma GCC unroll 6
  for (int k = 0; k < R; ++k) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      sum[k][v] =
          begin == 0 ? _mm256_setzero_ps() : Load(g + k * p.ldg + kVector * v, left - kVector * v);
    }
  }
  const int64_t ldx = p.ldx, ldz = p.ldz;
  for (int64_t i = begin; i < end; ++i) {
    _mm_prefetch(reinterpret_cast<const char*>(x + kAhead * ldx), _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(dz + kAhead * ldz), _MM_HINT_T0);
    const __m256 d0 = _mm256_loadu_ps(dz), d1 = _mm256_loadu_ps(dz + kVector);
#pragma GCC unroll 6
    for (int k = 0; k < R; ++k) {
      const __m256 factor = _mm256_broadcast_ss(x + k);
      sum[k][0] = _mm256_fmadd_ps(factor, d0, sum[k][0]);
      sum[k][1] = _mm256_fmadd_ps(factor, d1, sum[k][1]);
    }
    x += ldx;
    dz += ldz;
  }
#pragma GCC unroll 6
  for (int k = 0; k < R; ++k) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      if (kVector * v < left) Store(g + k * p.ldg + kVector * v, sum[k][v], left - kVector * v);
    }
  }
}

void GradientColumns(const GradientProduct& p, int64_t column, int64_t begin, int64_t end) {
  int64_t k = 0;
  for (; k + 6 <= p.inputs; k += 6) GradientTile<6>(p, k, column, begin, end);
  if (k + 4 <= p.inputs) GradientTile<4>(p, k, column, begin, end), k += 4;
  if (k + 2 <= p.inputs) GradientTile<2>(p, k, column, begin, end), k += 2;
  if (k < p.inputs) GradientTile<1>(p, k, column, begin, end);
}

}  // namespace

void RunPanelProduct(const PanelProduct& p) {
  const int64_t stride = (p.columns + kTileColumns - 1) / kTileColumns * kTileColumns;
  for (int64_t column = 0; column < p.columns; column += kTileColumns) {
    int64_t row = 0;
    for (; row + 6 <= p.rows; row += 6) ProductTile<6>(p, stride, column, row);
    if (row + 4 <= p.rows) ProductTile<4>(p, stride, column, row), row += 4;
    if (row + 2 <= p.rows) ProductTile<2>(p, stride, column, row), row += 2;
    if (row < p.rows) ProductTile<1>(p, stride, column, row);
  }
}

void RunGradientProduct(const GradientProduct& p) {
  for (int64_t begin = 0; begin < p.rows; begin += kGradientRows) {
    const int64_t end = Min(begin + kGradientRows, p.rows);
    for (int64_t column = 0; column < p.outputs; column += kTileColumns) {
      GradientColumns(p, column, begin, end);
    }
  }
}

}  // namespace winnow::ops::avx2

#endif  // defined(__x86_64__)
