#include "kernels/ops/activation.h"

#include <algorithm>

#include "kernels/ops/simd.h"

namespace winnow::ops {

WINNOW_MULTIVERSION
void AddBias(int64_t rows, int64_t n, const float* __restrict bias, float* __restrict z,
             int64_t ld) {
  for (int64_t i = 0; i < rows; ++i) {
    float* row = z + i * ld;
    for (int64_t j = 0; j < n; ++j) row[j] += bias[j];
  }
}

WINNOW_MULTIVERSION
void AddBiasRelu(int64_t rows, int64_t n, const float* __restrict bias, float* __restrict z,
                 int64_t ld) {
  for (int64_t i = 0; i < rows; ++i) {
    float* row = z + i * ld;
    for (int64_t j = 0; j < n; ++j) {
      const float sum = row[j] + bias[j];
      row[j] = sum <= 0.0f ? 0.0f : sum;
    }
  }
}

WINNOW_MULTIVERSION
void ReluBackward(int64_t rows, int64_t n, const float* __restrict h, float scale,
                  float* __restrict dh, int64_t ld) {
  for (int64_t i = 0; i < rows; ++i) {
    const float* active = h + i * ld;
    float* row = dh + i * ld;
    for (int64_t j = 0; j < n; ++j) row[j] = active[j] > 0.0f ? scale * row[j] : 0.0f;
  }
}

WINNOW_MULTIVERSION
void BiasGradient(int64_t rows, int64_t n, const float* __restrict dz, int64_t ld,
                  float* __restrict db) {
  constexpr int64_t kStrip = 4 * kLanes;  // columns whose sums stay in registers
  for (int64_t j0 = 0; j0 < n; j0 += kStrip) {
    const int64_t count = std::min(kStrip, n - j0);
    float sums[kStrip] = {};
    if (count == kStrip) {
      for (int64_t i = 0; i < rows; ++i) {
        const float* row = dz + i * ld + j0;
        for (int64_t j = 0; j < kStrip; ++j) sums[j] += row[j];
      }
    } else {
      for (int64_t i = 0; i < rows; ++i) {
        const float* row = dz + i * ld + j0;
        for (int64_t j = 0; j < count; ++j) sums[j] += row[j];
      }
    }
    for (int64_t j = 0; j < count; ++j) db[j0 + j] = sums[j];
  }
}

}  // namespace winnow::ops
