// The products of a dense layer with bf16 operands and sums in f32: PackedMatrix and
// DenseWeightGradient (packed_matrix.h, dense.h) on the layouts of half.h. Of an element, pairs are
// added in order, the second number of a pair before the first: the same bytes for any cut of rows
// or tiles. REQUIRES of all: HasHalfProducts().
#ifndef WINNOW_KERNELS_OPS_HALF_PRODUCT_H_
#define WINNOW_KERNELS_OPS_HALF_PRODUCT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/ops/half.h"
#include "kernels/ops/packed_matrix.h"

namespace winnow::ops {

// B of C = A B, rounded to bf16, in the blocks and panels of PackedMatrix.
class PackedHalfMatrix {
 public:
  // B = 0 at first. RESOURCE_EXHAUSTED without memory. REQUIRES: sizes >= 1.
  static absl::StatusOr<PackedHalfMatrix> Create(int64_t inner, int64_t columns);
  PackedHalfMatrix() = default;

  // As PackedMatrix: from rows of B, or from rows of its transpose, in floats, times their scales
  // before they are rounded.
  void PackRows(int64_t begin, int64_t end, const float* b, int64_t ldb,
                const float* scales = nullptr);
  void PackColumns(int64_t begin, int64_t end, const float* bt, int64_t ldb,
                   const float* scales = nullptr);

  // A in the layout `rows`, lda even; where inner is odd, the element after a row's end is 0.
  // THREAD-SAFETY: const; packing distinct parts too.
  void Multiply(int64_t rows, const Half* a, int64_t lda, float* c, int64_t ldc,
                const ProductEnd& end) const;

 private:
  // The word of pair k / 2 and a column.
  uint32_t* at(int64_t pair, int64_t column);

  int64_t pairs_ = 0, inner_ = 0, columns_ = 0, padded_ = 0;
  AlignedBuffer<uint32_t> data_;
};

// G = X^T dZ, dense [inputs x outputs]; x and dz in the layout `pairs`, `x` at the first of the
// columns. The strides are ld of half.h; 16 words after the last pair can be read.
void HalfWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const Half* x, int64_t ldx,
                        const Half* dz, int64_t ldz, float* g);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_HALF_PRODUCT_H_
