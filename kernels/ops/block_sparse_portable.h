// The kernels of block_sparse.h for any CPU.
#ifndef WINNOW_KERNELS_OPS_BLOCK_SPARSE_PORTABLE_H_
#define WINNOW_KERNELS_OPS_BLOCK_SPARSE_PORTABLE_H_

#include "kernels/ops/block_sparse_kernel.h"

namespace winnow::ops::portable {

// See BlockSparseKernels.
void BlockProduct(const BlockLists& w, int64_t rows, const float* x, int64_t ldx, float* z,
                  int64_t ldz, const ProductEnd& end);
void BlockGradient(const GradientRuns& runs, int64_t rows, const float* x, int64_t ldx,
                   const float* dz, int64_t ldz, float* g);

}  // namespace winnow::ops::portable

#endif  // WINNOW_KERNELS_OPS_BLOCK_SPARSE_PORTABLE_H_
