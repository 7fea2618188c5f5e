#include "kernels/ops/dense.h"

#include "kernels/ops/dense_narrow.h"
#include "kernels/ops/gemm.h"
#include "kernels/ops/simd.h"

namespace winnow::ops {

bool DenseForward(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                  const float* w, float* z, int64_t ldz) {
  if (outputs > kLanes) {
    return Gemm(Transpose::kNo, Transpose::kNo, rows, outputs, inputs, x, ldx, w, outputs, z, ldz);
  }
  if (outputs == 1) {
    DotForward(rows, inputs, x, ldx, w, z, ldz);
  } else {
    NarrowForward(rows, inputs, outputs, x, ldx, w, z, ldz);
  }
  return true;
}

bool DenseBackwardData(int64_t rows, int64_t inputs, int64_t outputs, const float* dz, int64_t ldz,
                       const float* w, float* dx, int64_t ldx) {
  if (outputs > kLanes) {
    return Gemm(Transpose::kNo, Transpose::kYes, rows, inputs, outputs, dz, ldz, w, outputs, dx,
                ldx);
  }
  NarrowBackwardData(rows, inputs, outputs, dz, ldz, w, dx, ldx);
  return true;
}

bool DenseWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                         const float* dz, int64_t ldz, float* g) {
  if (outputs > kLanes) {
    return Gemm(Transpose::kYes, Transpose::kNo, inputs, outputs, rows, x, ldx, dz, ldz, g,
                outputs);
  }
  if (outputs == 1) {
    DotWeightGradient(rows, inputs, x, ldx, dz, ldz, g);
  } else {
    NarrowWeightGradient(rows, inputs, outputs, x, ldx, dz, ldz, g);
  }
  return true;
}

}  // namespace winnow::ops
