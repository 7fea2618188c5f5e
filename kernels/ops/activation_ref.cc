#include "kernels/ops/activation.h"

namespace winnow::ops::ref {

void AddBiasRelu(int64_t rows, int64_t n, const float* bias, float* z, int64_t ld) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float& value = z[i * ld + j];
      value += bias[j];
      if (value <= 0.0f) value = 0.0f;
    }
  }
}

void ReluBackward(int64_t rows, int64_t n, const float* h, float scale, float* dh, int64_t ld) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float& value = dh[i * ld + j];
      value = h[i * ld + j] > 0.0f ? scale * value : 0.0f;
    }
  }
}

void BiasGradient(int64_t rows, int64_t n, const float* dz, int64_t ld, double* db) {
  for (int64_t j = 0; j < n; ++j) {
    db[j] = 0;
    for (int64_t i = 0; i < rows; ++i) db[j] += dz[i * ld + j];
  }
}

}  // namespace winnow::ops::ref
