#include "kernels/ops/dense_narrow.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/ops/simd.h"

namespace winnow::ops {

WINNOW_MULTIVERSION
void DotForward(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* w, float* z,
                int64_t ldz) {
  const int64_t whole = inputs / kLanes * kLanes;
  alignas(64) float tail[kLanes] = {};
  std::memcpy(tail, w + whole, static_cast<size_t>(inputs - whole) * sizeof(float));
  for (int64_t i = 0; i < rows; ++i) {
    const float* row = x + i * ldx;
    Lanes sum = {};
    for (int64_t k = 0; k < whole; k += kLanes) sum += Load(row + k) * Load(w + k);
    for (int64_t k = whole; k < inputs; ++k) sum[k - whole] += row[k] * tail[k - whole];
    z[i * ldz] = SumLanes(sum);
  }
}

WINNOW_MULTIVERSION
void DotWeightGradient(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* dz,
                       int64_t ldz, float* g) {
  constexpr int64_t kStrip = 4 * kLanes;
  int64_t k = 0;
  for (; k + kStrip <= inputs; k += kStrip) {
    Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {};
    for (int64_t i = 0; i < rows; ++i) {
      const float* row = x + i * ldx + k;
      const float d = dz[i * ldz];
      s0 += Load(row) * d;
      s1 += Load(row + kLanes) * d;
      s2 += Load(row + 2 * kLanes) * d;
      s3 += Load(row + 3 * kLanes) * d;
    }
    Store(g + k) = s0;
    Store(g + k + kLanes) = s1;
    Store(g + k + 2 * kLanes) = s2;
    Store(g + k + 3 * kLanes) = s3;
  }
  for (; k < inputs; k += kLanes) {
    Lanes sum = {};
    for (int64_t i = 0; i < rows; ++i) sum += Load(x + i * ldx + k) * dz[i * ldz];
    const int64_t count = std::min<int64_t>(kLanes, inputs - k);
    std::memcpy(g + k, &sum, static_cast<size_t>(count) * sizeof(float));
  }
}

}  // namespace winnow::ops
