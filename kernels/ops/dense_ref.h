// Specification of dense.h: plain loops in double.
#ifndef WINNOW_KERNELS_OPS_DENSE_REF_H_
#define WINNOW_KERNELS_OPS_DENSE_REF_H_

#include <cstdint>

namespace winnow::ops::ref {

void DenseForward(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                  const float* w, double* z, int64_t ldz);
void DenseBackwardData(int64_t rows, int64_t inputs, int64_t outputs, const float* dz, int64_t ldz,
                       const float* w, double* dx, int64_t ldx);
void DenseWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                         const float* dz, int64_t ldz, double* g);

}  // namespace winnow::ops::ref

#endif  // WINNOW_KERNELS_OPS_DENSE_REF_H_
