// What an instruction set provides for dense layers; packed_matrix.h and dense.h are the way to use
// it. All sums of a product run over its inner index in order, one accumulator an element, so the
// cut of a product into rows, panels or tiles never changes a byte. AVX2 and AVX-512 fuse multiply
// and add and agree in every byte; the portable kernels round between the two.
#ifndef WINNOW_KERNELS_OPS_DENSE_KERNELS_H_
#define WINNOW_KERNELS_OPS_DENSE_KERNELS_H_

#include <cstdint>

namespace winnow::ops {

// Columns of a panel of B: three vectors of AVX-512, so that eight rows of C fill 24 registers.
inline constexpr int64_t kPanelColumns = 48;

// C[rows x columns] (+)= A[rows x inner] B, then what the last call of a sum does to its result.
// `panel` is B by rows of `columns` rounded up to 16, padded with zeros.
struct PanelProduct {
  int64_t rows = 0, inner = 0, columns = 0;  // columns <= kPanelColumns
  const float* a = nullptr;
  int64_t lda = 0;
  const float* panel = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;        // adds to C
  const float* bias = nullptr;    // readable in whole vectors of 16; null: none
  bool relu = false;              // c <= 0 becomes 0; NaN stays
  const float* active = nullptr;  // c becomes active > 0 ? scale c : 0; null: no
  int64_t active_stride = 0;
  float scale = 1.0f;
};

// G[inputs x outputs] = X^T dZ over `rows` rows in order; dz and x are read in place.
struct GradientProduct {
  int64_t rows = 0, inputs = 0, outputs = 0;
  const float* x = nullptr;
  int64_t ldx = 0;
  const float* dz = nullptr;  // readable in whole vectors of 16
  int64_t ldz = 0;
  float* g = nullptr;
  int64_t ldg = 0;
};

struct DenseKernels {
  void (*product)(const PanelProduct& p);
  void (*gradient)(const GradientProduct& p);
};

namespace portable {
void RunPanelProduct(const PanelProduct& p);
void RunGradientProduct(const GradientProduct& p);
}  // namespace portable

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_DENSE_KERNELS_H_
