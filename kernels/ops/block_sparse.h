// The products of a dense layer Z = X W whose weights are pruned in blocks, over kept blocks alone.
//
//   X [rows x inputs], stride ldx   W [inputs x outputs]   Z, dZ [rows x outputs], stride ldz
//   The grid cuts W into blocks [block_rows x block_columns]; the last row and column of blocks may
//   be cut short. S = the kept blocks (p, q).
//   forward           Z  = X W_S
//   backward data     dX = dZ W_S^T
//   weight gradient   G_pq = X_p^T dZ_q for (p, q) in S
// Multiply-adds: rows x (elements of kept blocks). The yardstick is the density limit: density
// times the time of the dense product (Gray et al. 2017, "GPU Kernels for Block-Sparse Weights").
//
// Layout. Kept blocks of W are copied into lists, by column of blocks and, transposed, by row of
// blocks; activations are read in place. Packing them into panels was measured too: at 32 columns
// and more it is no faster, at 16 it gains 3 %, and it costs a third of the product at 90 %
// sparsity. Row strides that are a multiple of 1 KiB thrash the first-level cache (up to 10 times
// slower): use PaddedStride.
//
// Bytes: each element is one chain of additions over the kept blocks in ascending order (forward,
// backward data) or over the rows in order (gradient). So they do not depend on how rows are cut,
// nor on whether AVX-512 or AVX2 computes, and they are those of the dense products of W_S
// (packed_matrix.h, dense.h), which only add zeros in between.
#ifndef WINNOW_KERNELS_OPS_BLOCK_SPARSE_H_
#define WINNOW_KERNELS_OPS_BLOCK_SPARSE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/ops/block_sparse_kernel.h"
#include "kernels/ops/isa.h"
#include "kernels/ops/product_end.h"

namespace winnow::ops {

struct BlockShape {
  int32_t inputs = 0, outputs = 0;
  int32_t block_rows = 0, block_columns = 0;

  int32_t grid_rows() const { return (inputs + block_rows - 1) / block_rows; }
  int32_t grid_columns() const { return (outputs + block_columns - 1) / block_columns; }
};

// True for blocks that the kernels take: 1 to kMaxBlockWidth each way. Below 8 they gain nothing.
bool IsBlockSparseShape(const BlockShape& shape);

// The kernels of an instruction set.
const BlockSparseKernels& BlockSparseKernelsOf(Isa isa);

// The kept blocks of one layer: which, and their values. Allocates when made, never afterwards.
// THREAD-SAFETY: const members at any time together; SetValues on distinct rows of blocks.
class BlockSparseWeights {
 public:
  // No block is kept. RESOURCE_EXHAUSTED without memory for all blocks; INVALID_ARGUMENT unless
  // IsBlockSparseShape. `isa`: for tests.
  static absl::StatusOr<BlockSparseWeights> Create(const BlockShape& shape, Isa isa = ActiveIsa());

  // Keeps the blocks (p, q) with mask[p * grid_columns + q] != 0. Values are undefined until they
  // are set. O(blocks).
  void SetPattern(std::span<const float> mask);
  // Values of the kept blocks of row p: mask[p * grid_columns + q] * W. `w`: the whole layer,
  // row-major and dense.
  void SetValues(int32_t p, std::span<const float> mask, const float* w);

  const BlockShape& shape() const { return shape_; }
  int64_t kept() const { return static_cast<int64_t>(kept_.size()); }
  // Columns q of the kept blocks of row p, ascending.
  std::span<const int32_t> kept_in_row(int32_t p) const {
    return {kept_.data() + row_begin_[p], kept_.data() + row_begin_[p + 1]};
  }

  // Both write all of Z, or dX: the sum is 0 where nothing is kept.
  void Forward(int64_t rows, const float* x, int64_t ldx, float* z, int64_t ldz,
               const ProductEnd& end = {}) const;
  void BackwardData(int64_t rows, const float* dz, int64_t ldz, float* dx, int64_t ldx,
                    const ProductEnd& end = {}) const;
  // G of the kept blocks of row p, in the order of kept_in_row: element (r, c) of number e at
  // g[(e * block_rows + r) * gradient_stride() + c]; g has gradient_floats() floats. `x`: column 0.
  // REQUIRES: kLanes floats after the last row of dZ can be read.
  void WeightGradient(int32_t p, int64_t rows, const float* x, int64_t ldx, const float* dz,
                      int64_t ldz, float* g) const;
  int32_t gradient_stride() const { return forward_stride_; }
  int64_t gradient_floats() const {
    return static_cast<int64_t>(shape_.grid_columns()) * shape_.block_rows * forward_stride_;
  }

 private:
  BlockSparseWeights(const BlockShape& shape, const BlockSparseKernels& kernels);

  BlockLists ForwardLists() const;
  BlockLists TransposedLists() const;

  BlockShape shape_;
  const BlockSparseKernels* kernels_;
  int32_t forward_stride_, transposed_stride_;
  // By row of blocks. Number e of all kept blocks is kept_[e]; its place by column is slot_[e].
  std::vector<int32_t> row_begin_, kept_, slot_, first_output_;
  // By column of blocks.
  std::vector<int32_t> column_begin_, first_input_;
  // By row of blocks: runs of 16 columns, see GradientRuns.
  std::vector<int32_t> run_begin_, run_output_, run_place_;
  AlignedBuffer<float> forward_, transposed_;
};

// A row stride >= width, a multiple of 16 floats, that is no multiple of 1 KiB.
int64_t PaddedStride(int64_t width);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_BLOCK_SPARSE_H_
