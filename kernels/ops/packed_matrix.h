// The right side of a product C = A B, laid out once so that many products read it in order.
//
//   A [rows x inner], stride lda     B [inner x columns]     C [rows x columns], stride ldc
// B is cut into blocks of 512 inner indices, these into panels of kPanelColumns columns; a panel is
// stored by inner index, columns padded with zeros to whole vectors. Strides in floats.
//
// Why not oneDNN's primitives: own kernels run at their speed (figures in dense_avx512.cc), but
// every execution of a primitive allocates (6 times in 2.6.3), and its bytes may depend on the cut
// of rows. Here every element of C is one sum over the inner index in order: the same bytes for any
// cut of rows, and for AVX2 as for AVX-512. With one column a fixed tree of lanes instead (see
// dense_narrow.h).
#ifndef WINNOW_KERNELS_OPS_PACKED_MATRIX_H_
#define WINNOW_KERNELS_OPS_PACKED_MATRIX_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/ops/dense_kernels.h"
#include "kernels/ops/isa.h"
#include "kernels/ops/product_end.h"

namespace winnow::ops {

class PackedMatrix {
 public:
  // B = 0 at first. `isa`: for tests. RESOURCE_EXHAUSTED without memory. REQUIRES: sizes >= 1.
  static absl::StatusOr<PackedMatrix> Create(int64_t inner, int64_t columns, Isa isa = ActiveIsa());
  PackedMatrix() = default;

  int64_t inner() const { return inner_; }
  int64_t columns() const { return columns_; }

  // Rows [begin, end) of B from `b`, which holds row `begin` first, row stride ldb. Row r is
  // multiplied by scales[r - begin]; null: by nothing.
  void PackRows(int64_t begin, int64_t end, const float* b, int64_t ldb,
                const float* scales = nullptr);
  // Columns [begin, end) of B from its transpose: column c of B is row c - begin of `bt`, times
  // scales[c - begin].
  void PackColumns(int64_t begin, int64_t end, const float* bt, int64_t ldb,
                   const float* scales = nullptr);

  // Writes the `columns` first elements of every row of C and nothing else. THREAD-SAFETY: const;
  // packing distinct parts too.
  void Multiply(int64_t rows, const float* a, int64_t lda, float* c, int64_t ldc,
                const ProductEnd& end) const;

 private:
  float* at(int64_t k, int64_t column);
  void MultiplyColumn(int64_t rows, const float* a, int64_t lda, float* c, int64_t ldc,
                      const ProductEnd& end) const;

  int64_t inner_ = 0, columns_ = 0, padded_ = 0;
  const DenseKernels* kernels_ = nullptr;
  AlignedBuffer<float> data_;
};

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_PACKED_MATRIX_H_
