// The kernels of block_sparse.h for CPUs with AVX2 and FMA.
#ifndef WINNOW_KERNELS_OPS_BLOCK_SPARSE_AVX2_H_
#define WINNOW_KERNELS_OPS_BLOCK_SPARSE_AVX2_H_

#include "kernels/ops/block_sparse_kernel.h"

namespace winnow::ops::avx2 {

// See BlockSparseKernels. REQUIRES: a CPU with AVX2 and FMA.
void BlockProduct(const BlockLists& w, int64_t rows, const float* x, int64_t ldx, float* z,
                  int64_t ldz, const ProductEnd& end);
void BlockGradient(const GradientRuns& runs, int64_t rows, const float* x, int64_t ldx,
                   const float* dz, int64_t ldz, float* g);

}  // namespace winnow::ops::avx2

#endif  // WINNOW_KERNELS_OPS_BLOCK_SPARSE_AVX2_H_
