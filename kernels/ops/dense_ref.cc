#include "kernels/ops/dense_ref.h"

namespace winnow::ops::ref {

void DenseForward(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                  const float* w, double* z, int64_t ldz) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < outputs; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < inputs; ++k) {
        sum += static_cast<double>(x[i * ldx + k]) * w[k * outputs + j];
      }
      z[i * ldz + j] = sum;
    }
  }
}

void DenseBackwardData(int64_t rows, int64_t inputs, int64_t outputs, const float* dz, int64_t ldz,
                       const float* w, double* dx, int64_t ldx) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = 0; k < inputs; ++k) {
      double sum = 0;
      for (int64_t j = 0; j < outputs; ++j) {
        sum += static_cast<double>(dz[i * ldz + j]) * w[k * outputs + j];
      }
      dx[i * ldx + k] = sum;
    }
  }
}

void DenseWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                         const float* dz, int64_t ldz, double* g) {
  for (int64_t k = 0; k < inputs; ++k) {
    for (int64_t j = 0; j < outputs; ++j) {
      double sum = 0;
      for (int64_t i = 0; i < rows; ++i) {
        sum += static_cast<double>(x[i * ldx + k]) * dz[i * ldz + j];
      }
      g[k * outputs + j] = sum;
    }
  }
}

}  // namespace winnow::ops::ref
