#include <cmath>

#include "kernels/ops/batch_norm.h"

namespace winnow::ops::ref {
namespace {

struct Statistics {
  double mean = 0, inverse_deviation = 0;
};

Statistics Of(int64_t batch, int64_t n, const double* x, int64_t column, double epsilon) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < batch; ++i) mean += x[i * n + column];
  mean /= static_cast<double>(batch);
  for (int64_t i = 0; i < batch; ++i) {
    variance += (x[i * n + column] - mean) * (x[i * n + column] - mean);
  }
  return {mean, 1.0 / std::sqrt(variance / static_cast<double>(batch) + epsilon)};
}

}  // namespace

void BatchNormForward(int64_t batch, int64_t n, const double* x, const double* gamma,
                      const double* beta, double epsilon, double* y) {
  for (int64_t j = 0; j < n; ++j) {
    const Statistics s = Of(batch, n, x, j, epsilon);
    for (int64_t i = 0; i < batch; ++i) {
      y[i * n + j] = gamma[j] * (x[i * n + j] - s.mean) * s.inverse_deviation + beta[j];
    }
  }
}

void BatchNormBackward(int64_t batch, int64_t n, const double* x, const double* gamma,
                       double epsilon, const double* dy, double* dx, double* dgamma,
                       double* dbeta) {
  for (int64_t j = 0; j < n; ++j) {
    const Statistics s = Of(batch, n, x, j, epsilon);
    const auto xhat = [&](int64_t i) { return (x[i * n + j] - s.mean) * s.inverse_deviation; };
    dgamma[j] = dbeta[j] = 0;
    for (int64_t i = 0; i < batch; ++i) {
      dbeta[j] += dy[i * n + j];
      dgamma[j] += dy[i * n + j] * xhat(i);
    }
    for (int64_t i = 0; i < batch; ++i) {
      dx[i * n + j] =
          gamma[j] * s.inverse_deviation *
          (dy[i * n + j] - (dbeta[j] + xhat(i) * dgamma[j]) / static_cast<double>(batch));
    }
  }
}

}  // namespace winnow::ops::ref
