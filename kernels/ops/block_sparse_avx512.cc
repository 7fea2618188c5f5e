#include "kernels/ops/block_sparse_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// Register tiles hold up to 24 accumulators. X and dZ are read in place, row-major: one element of
// X is broadcast straight from memory into a multiply-add, so a tile of R rows by V vectors does R
// + V loads for R V multiply-adds.
//
// Rows of a tile, by vectors: 12 rows of 1,024 inputs just fit the first-level cache, where 24 rows
// by one vector would be read again and again from the second (measured: 80 % of the speed).

namespace winnow::ops::avx512 {
namespace {

constexpr int kVector = 16;

inline int64_t Min(int64_t a, int64_t b) { return a < b ? a : b; }

inline __mmask16 FirstLanes(int64_t count) {
  return count >= kVector ? 0xFFFF : static_cast<__mmask16>((1u << count) - 1);
}

// Where a tile stands: its block column of `width` columns, that begin at `output`, and its rows,
// whose first X, Z and activation these are.
struct Place {
  int32_t column, width;
  int64_t output;
  const float* x;
  int64_t ldx;
  float* z;
  int64_t ldz;
  const float* active;  // null: none
};

// Column `column` of the block column, row i of the tile.
inline __m512 Finish(const ProductEnd& end, const Place& at, __m512 sum, int64_t i, int64_t column,
                     __mmask16 lanes) {
  if (end.bias != nullptr) {
    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, end.bias + at.output + column));
  }
  if (end.relu) {
    const __mmask16 off = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LE_OQ);
    sum = _mm512_mask_mov_ps(sum, off, _mm512_setzero_ps());
  }
  if (at.active != nullptr) {
    const __m512 active = _mm512_maskz_loadu_ps(lanes, at.active + i * end.active_stride + column);
    const __mmask16 on = _mm512_cmp_ps_mask(active, _mm512_setzero_ps(), _CMP_GT_OQ);
    sum = _mm512_maskz_mul_ps(on, _mm512_set1_ps(end.scale), sum);
  }
  return sum;
}

template <int R, int V>
void ProductTile(const BlockLists& w, const Place& at, const ProductEnd& end) {
  __m512 sum[R][V];
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[i][v] = _mm512_setzero_ps();
  }
  const int64_t block = static_cast<int64_t>(w.depth) * w.value_stride;
  const int64_t ldx = at.ldx;
  for (int32_t e = w.begin[at.column]; e < w.begin[at.column + 1]; ++e) {
    const float* value = w.values + e * block;
    const float* p = at.x + w.first_input[e];
    for (int64_t k = Min(w.depth, w.inputs - w.first_input[e]); k > 0; --k) {
      __m512 b[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) b[v] = _mm512_load_ps(value + kVector * v);
#pragma GCC unroll 12
      for (int i = 0; i < R; ++i) {
        const __m512 a = _mm512_set1_ps(p[i * ldx]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[i][v] = _mm512_fmadd_ps(a, b[v], sum[i][v]);
      }
      value += w.value_stride;
      ++p;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const __mmask16 lanes = FirstLanes(at.width - kVector * v);
      _mm512_mask_storeu_ps(at.z + i * at.ldz + kVector * v, lanes,
                            Finish(end, at, sum[i][v], i, kVector * v, lanes));
    }
  }
}

using Tile = void (*)(const BlockLists&, const Place&, const ProductEnd&);

constexpr int kMaxRows[5] = {0, 12, 12, 8, 6};  // by vectors

// Tiles of at least one row, by vectors - 1 and rows - 1.
constexpr Tile kTiles[4][12] = {
    {ProductTile<1, 1>, ProductTile<2, 1>, ProductTile<3, 1>, ProductTile<4, 1>, ProductTile<5, 1>,
     ProductTile<6, 1>, ProductTile<7, 1>, ProductTile<8, 1>, ProductTile<9, 1>, ProductTile<10, 1>,
     ProductTile<11, 1>, ProductTile<12, 1>},
    {ProductTile<1, 2>, ProductTile<2, 2>, ProductTile<3, 2>, ProductTile<4, 2>, ProductTile<5, 2>,
     ProductTile<6, 2>, ProductTile<7, 2>, ProductTile<8, 2>, ProductTile<9, 2>, ProductTile<10, 2>,
     ProductTile<11, 2>, ProductTile<12, 2>},
    {ProductTile<1, 3>, ProductTile<2, 3>, ProductTile<3, 3>, ProductTile<4, 3>, ProductTile<5, 3>,
     ProductTile<6, 3>, ProductTile<7, 3>, ProductTile<8, 3>},
    {ProductTile<1, 4>, ProductTile<2, 4>, ProductTile<3, 4>, ProductTile<4, 4>, ProductTile<5, 4>,
     ProductTile<6, 4>}};

// J inputs by V runs, over all rows in order.
template <int J, int V>
void GradientTile(const GradientRuns& runs, int32_t run, int64_t rows, const float* x, int64_t ldx,
                  const float* dz, int64_t ldz, float* g) {
  __m512 sum[J][V];
  const float* right[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) right[v] = dz + runs.first_output[run + v];
#pragma GCC unroll 12
  for (int j = 0; j < J; ++j) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[j][v] = _mm512_setzero_ps();
  }
  for (int64_t i = 0; i < rows; ++i) {
    __m512 b[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      b[v] = _mm512_loadu_ps(right[v]);
      right[v] += ldz;
    }
#pragma GCC unroll 12
    for (int j = 0; j < J; ++j) {
      const __m512 a = _mm512_set1_ps(x[j]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[j][v] = _mm512_fmadd_ps(a, b[v], sum[j][v]);
    }
    x += ldx;
  }
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    float* out = g + runs.place[run + v];
#pragma GCC unroll 12
    for (int j = 0; j < J; ++j) _mm512_storeu_ps(out + j * runs.stride, sum[j][v]);
  }
}

using Gradient = void (*)(const GradientRuns&, int32_t, int64_t, const float*, int64_t,
                          const float*, int64_t, float*);

constexpr int kMaxInputs[4] = {0, 12, 12, 8};  // by runs

constexpr Gradient kGradients[3][12] = {
    {GradientTile<1, 1>, GradientTile<2, 1>, GradientTile<3, 1>, GradientTile<4, 1>,
     GradientTile<5, 1>, GradientTile<6, 1>, GradientTile<7, 1>, GradientTile<8, 1>,
     GradientTile<9, 1>, GradientTile<10, 1>, GradientTile<11, 1>, GradientTile<12, 1>},
    {GradientTile<1, 2>, GradientTile<2, 2>, GradientTile<3, 2>, GradientTile<4, 2>,
     GradientTile<5, 2>, GradientTile<6, 2>, GradientTile<7, 2>, GradientTile<8, 2>,
     GradientTile<9, 2>, GradientTile<10, 2>, GradientTile<11, 2>, GradientTile<12, 2>},
    {GradientTile<1, 3>, GradientTile<2, 3>, GradientTile<3, 3>, GradientTile<4, 3>,
     GradientTile<5, 3>, GradientTile<6, 3>, GradientTile<7, 3>, GradientTile<8, 3>}};

}  // namespace

void BlockProduct(const BlockLists& w, int64_t rows, const float* x, int64_t ldx, float* z,
                  int64_t ldz, const ProductEnd& end) {
  const int64_t most = kMaxRows[w.value_stride / kVector];
  // Tiles of equal height, or one row more.
  const int64_t tiles = (rows + most - 1) / most;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t row = rows * t / tiles;
    const int64_t height = rows * (t + 1) / tiles - row;
    for (int32_t q = 0; q < w.columns; ++q) {
      const auto output = static_cast<int64_t>(q) * w.width;
      const auto width = static_cast<int32_t>(Min(w.width, w.outputs - output));
      const float* active =
          end.active == nullptr ? nullptr : end.active + row * end.active_stride + output;
      const Place at = {q, width, output, x + row * ldx, ldx, z + row * ldz + output, ldz, active};
      kTiles[(width - 1) / kVector][height - 1](w, at, end);
    }
  }
}

void BlockGradient(const GradientRuns& runs, int64_t rows, const float* x, int64_t ldx,
                   const float* dz, int64_t ldz, float* g) {
  for (int32_t run = 0; run < runs.runs;) {
    // Four runs are two and two: a single one leaves the multipliers waiting for loads.
    const int32_t left = runs.runs - run;
    const int32_t together = left == 4 ? 2 : static_cast<int32_t>(Min(3, left));
    const int32_t tiles = (runs.depth + kMaxInputs[together] - 1) / kMaxInputs[together];
    for (int32_t t = 0; t < tiles; ++t) {
      const int32_t input = runs.depth * t / tiles;
      const int32_t inputs = runs.depth * (t + 1) / tiles - input;
      kGradients[together - 1][inputs - 1](runs, run, rows, x + input, ldx, dz, ldz,
                                           g + static_cast<int64_t>(input) * runs.stride);
    }
    run += together;
  }
}

}  // namespace winnow::ops::avx512

#endif  // defined(__x86_64__)
