#include <cmath>

#include "kernels/ops/loss.h"

namespace winnow::ops::ref {

double LogisticLoss(double z, double y, double* dz) {
  if (dz != nullptr) *dz = 1.0 / (1.0 + std::exp(-z)) - y;
  return std::log1p(std::exp(-std::fabs(z))) + std::fmax(z, 0.0) - y * z;
}

double SoftmaxLoss(int64_t classes, const double* z, int64_t y, double* dz) {
  double largest = z[0];
  for (int64_t c = 1; c < classes; ++c) largest = std::fmax(largest, z[c]);
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(z[c] - largest);
  if (dz != nullptr) {
    for (int64_t c = 0; c < classes; ++c) {
      dz[c] = std::exp(z[c] - largest) / sum - (c == y ? 1.0 : 0.0);
    }
  }
  return std::log(sum) - (z[y] - largest);
}

double SquaredLoss(double z, double y, double* dz) {
  if (dz != nullptr) *dz = 2.0 * (z - y);
  return (z - y) * (z - y);
}

}  // namespace winnow::ops::ref
