#include "kernels/ops/loss.h"

#include <algorithm>
#include <cmath>

namespace winnow::ops {

double LogisticLoss(int64_t rows, const float* z, int64_t ldz, const float* target,
                    const float* weight, float scale, float* dz) {
  double total = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const float logit = z[i * ldz];
    const float w = weight == nullptr ? 1.0f : weight[i];
    // exp of a number that is not positive never overflows.
    const float small = std::exp(-std::fabs(logit));
    const float loss = std::max(logit, 0.0f) - logit * target[i] + std::log1p(small);
    total += static_cast<double>(w) * loss;
    if (dz != nullptr) {
      const float p = (logit >= 0.0f ? 1.0f : small) / (1.0f + small);
      dz[i * ldz] = scale * w * (p - target[i]);
    }
  }
  return total;
}

double SoftmaxLoss(int64_t rows, int64_t classes, const float* z, int64_t ldz, const float* target,
                   const float* weight, float scale, float* dz) {
  double total = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const float* logits = z + i * ldz;
    const auto y = static_cast<int64_t>(target[i]);
    const float w = weight == nullptr ? 1.0f : weight[i];
    float largest = logits[0];
    for (int64_t c = 1; c < classes; ++c) largest = std::max(largest, logits[c]);
    float sum = 0;
    if (dz == nullptr) {
      for (int64_t c = 0; c < classes; ++c) sum += std::exp(logits[c] - largest);
      total += static_cast<double>(w) * (std::log(sum) - (logits[y] - largest));
      continue;
    }
    float* gradient = dz + i * ldz;
    const float shifted = logits[y] - largest;  // before dz, which may be z
    for (int64_t c = 0; c < classes; ++c) {
      gradient[c] = std::exp(logits[c] - largest);
      sum += gradient[c];
    }
    total += static_cast<double>(w) * (std::log(sum) - shifted);
    const float factor = scale * w;
    for (int64_t c = 0; c < classes; ++c) gradient[c] = factor * (gradient[c] / sum);
    gradient[y] -= factor;
  }
  return total;
}

double SquaredLoss(int64_t rows, const float* z, int64_t ldz, const float* target,
                   const float* weight, float scale, float* dz) {
  double total = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const float w = weight == nullptr ? 1.0f : weight[i];
    const float error = z[i * ldz] - target[i];
    total += static_cast<double>(w) * (error * error);
    if (dz != nullptr) dz[i * ldz] = scale * w * (2.0f * error);
  }
  return total;
}

}  // namespace winnow::ops
