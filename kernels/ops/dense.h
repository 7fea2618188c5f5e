// The weight gradient of a dense layer Z = X W + b; its other products are packed_matrix.h.
//
//   X [rows x inputs], stride ldx     dZ [rows x outputs], stride ldz     G = X^T dZ, dense
// All row-major; strides in floats. Every element of G is one sum over the rows in order: the same
// bytes for any cut of W into tiles.
#ifndef WINNOW_KERNELS_OPS_DENSE_H_
#define WINNOW_KERNELS_OPS_DENSE_H_

#include <cstdint>

#include "kernels/ops/isa.h"

namespace winnow::ops {

// G of `inputs` consecutive rows of W, dense [inputs x outputs]; `x` points at the first of their
// columns. Allocates nothing. REQUIRES: ldx and ldz are multiples of kLanes, and kLanes floats
// after the last row of either can be read. `isa`: for tests.
void DenseWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                         const float* dz, int64_t ldz, float* g, Isa isa = ActiveIsa());

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_DENSE_H_
