#include "kernels/ops/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "kernels/ops/simd.h"

namespace winnow::ops {

WINNOW_MULTIVERSION
void BatchNormMoments(int64_t rows, int64_t n, const float* __restrict x, int64_t ldx,
                      float* __restrict mean, float* __restrict square) {
  std::fill_n(mean, n, 0.0f);
  std::fill_n(square, n, 0.0f);
  // Sums of differences from the first row: a common offset of the rows cancels exactly there.
  for (int64_t i = 1; i < rows; ++i) {
    const float* row = x + i * ldx;
    for (int64_t j = 0; j < n; ++j) mean[j] += row[j] - x[j];
  }
  const float share = 1.0f / static_cast<float>(rows);
  for (int64_t j = 0; j < n; ++j) mean[j] = x[j] + mean[j] * share;
  for (int64_t i = 0; i < rows; ++i) {
    const float* row = x + i * ldx;
    for (int64_t j = 0; j < n; ++j) {
      const float difference = row[j] - mean[j];
      square[j] += difference * difference;
    }
  }
}

void BatchNormMerge(int64_t blocks, int64_t n, const int64_t* block_rows, const float* means,
                    const float* squares, float epsilon, float* mu, float* r) {
  for (int64_t j = 0; j < n; ++j) {
    double count = 0, mean = 0, square = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      const auto rows = static_cast<double>(block_rows[b]);
      const double total = count + rows;
      const double difference = static_cast<double>(means[b * n + j]) - mean;
      square += squares[b * n + j] + difference * difference * (count * rows / total);
      mean += difference * (rows / total);
      count = total;
    }
    mu[j] = static_cast<float>(mean);
    r[j] = static_cast<float>(1.0 / std::sqrt(square / count + static_cast<double>(epsilon)));
  }
}

WINNOW_MULTIVERSION
void BatchNormForward(int64_t rows, int64_t n, const float* x, int64_t ldx,
                      const float* __restrict mu, const float* __restrict r,
                      const float* __restrict gamma, const float* __restrict beta, float* y,
                      int64_t ldy) {
  for (int64_t i = 0; i < rows; ++i) {
    const float* in = x + i * ldx;
    float* out = y + i * ldy;
    for (int64_t j = 0; j < n; ++j) out[j] = gamma[j] * ((in[j] - mu[j]) * r[j]) + beta[j];
  }
}

WINNOW_MULTIVERSION
void BatchNormSums(int64_t rows, int64_t n, const float* __restrict x, int64_t ldx,
                   const float* __restrict mu, const float* __restrict r,
                   const float* __restrict dy, int64_t ldy, float* __restrict dbeta,
                   float* __restrict dgamma) {
  std::fill_n(dbeta, n, 0.0f);
  std::fill_n(dgamma, n, 0.0f);
  for (int64_t i = 0; i < rows; ++i) {
    const float* in = x + i * ldx;
    const float* delta = dy + i * ldy;
    for (int64_t j = 0; j < n; ++j) {
      dbeta[j] += delta[j];
      dgamma[j] += delta[j] * ((in[j] - mu[j]) * r[j]);
    }
  }
}

WINNOW_MULTIVERSION
void BatchNormBackward(int64_t rows, int64_t n, int64_t batch, const float* x, int64_t ldx,
                       const float* __restrict mu, const float* __restrict r,
                       const float* __restrict gamma, const float* __restrict dbeta,
                       const float* __restrict dgamma, const float* dy, int64_t ldy, float* dx,
                       int64_t ldx_out) {
  const float share = 1.0f / static_cast<float>(batch);
  for (int64_t i = 0; i < rows; ++i) {
    const float* in = x + i * ldx;
    const float* delta = dy + i * ldy;
    float* out = dx + i * ldx_out;
    for (int64_t j = 0; j < n; ++j) {
      const float xhat = (in[j] - mu[j]) * r[j];
      out[j] = gamma[j] * r[j] * (delta[j] - share * (dbeta[j] + xhat * dgamma[j]));
    }
  }
}

}  // namespace winnow::ops
