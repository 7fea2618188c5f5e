// The products of half_product.h as the instruction set provides them. Operands are words of two
// bf16 numbers: a pair along the inner index.
#ifndef WINNOW_KERNELS_OPS_HALF_KERNELS_H_
#define WINNOW_KERNELS_OPS_HALF_KERNELS_H_

#include <cstdint>

namespace winnow::ops {

// As PanelProduct (dense_kernels.h), with `inner` pairs; strides in words, of c and active in
// floats.
struct HalfPanelProduct {
  int64_t rows = 0, inner = 0, columns = 0;
  const uint32_t* a = nullptr;
  int64_t lda = 0;
  const uint32_t* panel = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;
  const float* bias = nullptr;
  bool relu = false;
  const float* active = nullptr;
  int64_t active_stride = 0;
  float scale = 1.0f;
};

// As GradientProduct, over `pairs` pairs of rows.
struct HalfGradientProduct {
  int64_t pairs = 0, inputs = 0, outputs = 0;
  const uint32_t* x = nullptr;
  int64_t ldx = 0;
  const uint32_t* dz = nullptr;
  int64_t ldz = 0;
  float* g = nullptr;
  int64_t ldg = 0;
};

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_HALF_KERNELS_H_
