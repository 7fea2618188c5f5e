#include "kernels/ops/interaction.h"

namespace winnow::ops::ref {

void InteractionForward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                        int64_t stride, double* p) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < i; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < d; ++k) {
          sum += static_cast<double>(v[row * ldv + i * stride + k]) * v[row * ldv + j * stride + k];
        }
        *p++ = sum;
      }
    }
  }
}

void InteractionBackward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                         int64_t stride, const float* dp, int64_t ldp, double* dv) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t k = 0; k < d; ++k) {
        double sum = 0;
        for (int64_t j = 0; j < n; ++j) {
          if (j == i) continue;
          const int64_t pair = i > j ? PairCount(i) + j : PairCount(j) + i;
          sum += static_cast<double>(dp[row * ldp + pair]) * v[row * ldv + j * stride + k];
        }
        *dv++ = sum;
      }
    }
  }
}

}  // namespace winnow::ops::ref
