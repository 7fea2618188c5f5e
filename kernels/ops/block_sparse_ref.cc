#include "kernels/ops/block_sparse_ref.h"

#include <vector>

namespace winnow::ops::ref {
namespace {

float MaskAt(const BlockShape& shape, std::span<const float> mask, int32_t k, int32_t j) {
  return mask[static_cast<size_t>(k / shape.block_rows) * shape.grid_columns() +
              j / shape.block_columns];
}

}  // namespace

void BlockMaskedWeights(const BlockShape& shape, std::span<const float> mask, const float* w,
                        double* out) {
  for (int32_t k = 0; k < shape.inputs; ++k) {
    for (int32_t j = 0; j < shape.outputs; ++j) {
      const int64_t at = static_cast<int64_t>(k) * shape.outputs + j;
      out[at] = static_cast<double>(MaskAt(shape, mask, k, j)) * w[at];
    }
  }
}

void BlockForward(const BlockShape& shape, std::span<const float> mask, int64_t rows,
                  const float* x, int64_t ldx, const float* w, double* z, int64_t ldz) {
  std::vector<double> masked(static_cast<size_t>(shape.inputs) * shape.outputs);
  BlockMaskedWeights(shape, mask, w, masked.data());
  for (int64_t i = 0; i < rows; ++i) {
    for (int32_t j = 0; j < shape.outputs; ++j) {
      double sum = 0;
      for (int32_t k = 0; k < shape.inputs; ++k) {
        sum += x[i * ldx + k] * masked[static_cast<size_t>(k) * shape.outputs + j];
      }
      z[i * ldz + j] = sum;
    }
  }
}

void BlockBackwardData(const BlockShape& shape, std::span<const float> mask, int64_t rows,
                       const float* dz, int64_t ldz, const float* w, double* dx, int64_t ldx) {
  std::vector<double> masked(static_cast<size_t>(shape.inputs) * shape.outputs);
  BlockMaskedWeights(shape, mask, w, masked.data());
  for (int64_t i = 0; i < rows; ++i) {
    for (int32_t k = 0; k < shape.inputs; ++k) {
      double sum = 0;
      for (int32_t j = 0; j < shape.outputs; ++j) {
        sum += dz[i * ldz + j] * masked[static_cast<size_t>(k) * shape.outputs + j];
      }
      dx[i * ldx + k] = sum;
    }
  }
}

void BlockWeightGradient(const BlockShape& shape, std::span<const float> mask, int64_t rows,
                         const float* x, int64_t ldx, const float* dz, int64_t ldz, double* g) {
  for (int32_t k = 0; k < shape.inputs; ++k) {
    for (int32_t j = 0; j < shape.outputs; ++j) {
      double sum = 0;
      if (MaskAt(shape, mask, k, j) != 0.0f) {
        for (int64_t i = 0; i < rows; ++i) {
          sum += static_cast<double>(x[i * ldx + k]) * dz[i * ldz + j];
        }
      }
      g[static_cast<int64_t>(k) * shape.outputs + j] = sum;
    }
  }
}

}  // namespace winnow::ops::ref
