#include "kernels/ops/block_sparse_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// As in block_sparse_avx512.cc, with two vectors of 8 for 16 columns and 12 accumulators.

namespace winnow::ops::avx2 {
namespace {

constexpr int kRun = 16;
constexpr int kMaxRows = 6;

inline int64_t Min(int64_t a, int64_t b) { return a < b ? a : b; }

struct Pair {
  __m256 low, high;
};

inline Pair Zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }

inline Pair Load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }

inline Pair MultiplyAdd(__m256 a, const Pair& b, const Pair& c) {
  return {_mm256_fmadd_ps(a, b.low, c.low), _mm256_fmadd_ps(a, b.high, c.high)};
}

// The first `width` of 16 columns.
inline void StorePart(float* p, const Pair& value, int32_t width) {
  if (width >= kRun) {
    _mm256_storeu_ps(p, value.low);
    _mm256_storeu_ps(p + 8, value.high);
    return;
  }
  alignas(32) float part[kRun];
  _mm256_store_ps(part, value.low);
  _mm256_store_ps(part + 8, value.high);
  for (int32_t j = 0; j < width; ++j) p[j] = part[j];
}

// Columns [first, first + 16) of one block column, R rows.
template <int R>
void ProductTile(const BlockLists& w, int32_t column, int32_t first, int32_t width, const float* x,
                 int64_t ldx, float* z, int64_t ldz) {
  Pair sum[R];
#pragma GCC unroll 6
  for (int i = 0; i < R; ++i) sum[i] = Zero();
  const int64_t block = static_cast<int64_t>(w.depth) * w.value_stride;
  for (int32_t e = w.begin[column]; e < w.begin[column + 1]; ++e) {
    const float* value = w.values + e * block + first;
    const float* p = x + w.first_input[e];
    for (int64_t k = Min(w.depth, w.inputs - w.first_input[e]); k > 0; --k) {
      const Pair b = Load(value);
#pragma GCC unroll 6
      for (int i = 0; i < R; ++i) sum[i] = MultiplyAdd(_mm256_set1_ps(p[i * ldx]), b, sum[i]);
      value += w.value_stride;
      ++p;
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < R; ++i) StorePart(z + i * ldz + first, sum[i], width - first);
}

using Tile = void (*)(const BlockLists&, int32_t, int32_t, int32_t, const float*, int64_t, float*,
                      int64_t);
constexpr Tile kTiles[kMaxRows] = {ProductTile<1>, ProductTile<2>, ProductTile<3>,
                                   ProductTile<4>, ProductTile<5>, ProductTile<6>};

// J inputs of one run, over all rows in order.
template <int J>
void GradientTile(const GradientRuns& runs, int32_t run, int64_t rows, const float* x, int64_t ldx,
                  const float* dz, int64_t ldz, float* g) {
  Pair sum[J];
#pragma GCC unroll 6
  for (int j = 0; j < J; ++j) sum[j] = Zero();
  const float* right = dz + runs.first_output[run];
  for (int64_t i = 0; i < rows; ++i) {
    const Pair b = Load(right);
#pragma GCC unroll 6
    for (int j = 0; j < J; ++j) sum[j] = MultiplyAdd(_mm256_set1_ps(x[j]), b, sum[j]);
    right += ldz;
    x += ldx;
  }
#pragma GCC unroll 6
  for (int j = 0; j < J; ++j) StorePart(g + runs.place[run] + j * runs.stride, sum[j], kRun);
}

using Gradient = void (*)(const GradientRuns&, int32_t, int64_t, const float*, int64_t,
                          const float*, int64_t, float*);
constexpr Gradient kGradients[kMaxRows] = {GradientTile<1>, GradientTile<2>, GradientTile<3>,
                                           GradientTile<4>, GradientTile<5>, GradientTile<6>};

// `end` on columns [output, output + width) of rows [row, row + height), while they are in cache.
void Finish(const ProductEnd& end, int64_t row, int64_t height, int64_t output, int32_t width,
            float* z, int64_t ldz) {
  if (end.bias == nullptr && !end.relu && end.active == nullptr) return;
  for (int64_t i = row; i < row + height; ++i) {
    float* out = z + i * ldz + output;
    for (int32_t j = 0; j < width; ++j) {
      float value = out[j];
      if (end.bias != nullptr) value += end.bias[output + j];
      if (end.relu && value <= 0.0f) value = 0.0f;
      if (end.active != nullptr) {
        const float active = end.active[i * end.active_stride + output + j];
        value = active > 0.0f ? end.scale * value : 0.0f;
      }
      out[j] = value;
    }
  }
}

}  // namespace

void BlockProduct(const BlockLists& w, int64_t rows, const float* x, int64_t ldx, float* z,
                  int64_t ldz, const ProductEnd& end) {
  const int64_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t row = rows * t / tiles;
    const int64_t height = rows * (t + 1) / tiles - row;
    for (int32_t q = 0; q < w.columns; ++q) {
      const auto output = static_cast<int64_t>(q) * w.width;
      const auto width = static_cast<int32_t>(Min(w.width, w.outputs - output));
      for (int32_t first = 0; first < width; first += kRun) {
        kTiles[height - 1](w, q, first, width, x + row * ldx, ldx, z + row * ldz + output, ldz);
      }
      Finish(end, row, height, output, width, z, ldz);
    }
  }
}

void BlockGradient(const GradientRuns& runs, int64_t rows, const float* x, int64_t ldx,
                   const float* dz, int64_t ldz, float* g) {
  const int32_t tiles = (runs.depth + kMaxRows - 1) / kMaxRows;
  for (int32_t run = 0; run < runs.runs; ++run) {
    for (int32_t t = 0; t < tiles; ++t) {
      const int32_t input = runs.depth * t / tiles;
      const int32_t inputs = runs.depth * (t + 1) / tiles - input;
      kGradients[inputs - 1](runs, run, rows, x + input, ldx, dz, ldz,
                             g + static_cast<int64_t>(input) * runs.stride);
    }
  }
}

}  // namespace winnow::ops::avx2

#endif  // defined(__x86_64__)
