// Specification of block_sparse.h: plain loops in double over the whole matrix.
#ifndef WINNOW_KERNELS_OPS_BLOCK_SPARSE_REF_H_
#define WINNOW_KERNELS_OPS_BLOCK_SPARSE_REF_H_

#include <cstdint>
#include <span>

#include "kernels/ops/block_sparse.h"

namespace winnow::ops::ref {

// W_S = mask o W: [inputs x outputs], dense.
void BlockMaskedWeights(const BlockShape& shape, std::span<const float> mask, const float* w,
                        double* out);
// Z = X W_S
void BlockForward(const BlockShape& shape, std::span<const float> mask, int64_t rows,
                  const float* x, int64_t ldx, const float* w, double* z, int64_t ldz);
// dX = dZ W_S^T
void BlockBackwardData(const BlockShape& shape, std::span<const float> mask, int64_t rows,
                       const float* dz, int64_t ldz, const float* w, double* dx, int64_t ldx);
// G = X^T dZ in kept blocks, 0 in the others: [inputs x outputs], dense.
void BlockWeightGradient(const BlockShape& shape, std::span<const float> mask, int64_t rows,
                         const float* x, int64_t ldx, const float* dz, int64_t ldz, double* g);

}  // namespace winnow::ops::ref

#endif  // WINNOW_KERNELS_OPS_BLOCK_SPARSE_REF_H_
