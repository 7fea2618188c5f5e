// What the kernels of block_sparse.h work on. Plain data: also included where wider instruction
// sets are compiled.
#ifndef WINNOW_KERNELS_OPS_BLOCK_SPARSE_KERNEL_H_
#define WINNOW_KERNELS_OPS_BLOCK_SPARSE_KERNEL_H_

#include <cstdint>

#include "kernels/ops/product_end.h"

namespace winnow::ops {

// Blocks wider than this are not supported: four vectors of 16 floats.
inline constexpr int32_t kMaxBlockWidth = 64;

// A matrix [inputs x outputs] of kept blocks [depth x width], in lists by column of blocks. The
// last row and the last column of blocks may be cut short.
struct BlockLists {
  int32_t inputs, outputs;
  int32_t depth, width;
  int32_t columns;             // of blocks
  const int32_t* begin;        // [columns + 1]: blocks begin[q] .. begin[q + 1] are of column q
  const int32_t* first_input;  // by block, ascending in a column
  // Block e at values + e * depth * value_stride, row-major; what lies beyond the block's rows and
  // columns has no meaning.
  const float* values;
  int32_t value_stride;  // width rounded up to 16
};

// The kept blocks of one row of blocks, [depth x width], as runs of 16 output columns.
struct GradientRuns {
  int32_t depth;                // inputs of this row of blocks
  int32_t runs;                 // at most 16 columns each
  const int32_t* first_output;  // by run: its first column of dZ
  const int32_t* place;         // by run: where its first row begins in the gradient
  int32_t stride;               // from one row of a run to the next
};

// Both write every element once, in an order of additions that the lists alone decide.
struct BlockSparseKernels {
  const char* name;  // "avx512", "avx2", "portable"

  // Z = X W for `rows` rows, then `end`.
  void (*product)(const BlockLists& w, int64_t rows, const float* x, int64_t ldx, float* z,
                  int64_t ldz, const ProductEnd& end);
  // g at place[e] = X^T dZ for run e; columns of a run that are no output hold nothing of meaning.
  // `x` points at the first input of the row of blocks.
  void (*gradient)(const GradientRuns& runs, int64_t rows, const float* x, int64_t ldx,
                   const float* dz, int64_t ldz, float* g);
};

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_BLOCK_SPARSE_KERNEL_H_
