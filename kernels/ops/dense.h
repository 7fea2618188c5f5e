// The three products of a dense layer Z = X W + b.
//
//   X [rows x inputs], stride ldx     W [inputs x outputs], dense     Z, dZ [rows x outputs],
//   stride ldz forward           Z  = X W backward data     dX = dZ W^T weight gradient   G  = X^T
//   dZ
// All row-major; strides in floats. Fast path: oneDNN for wide layers, own kernels for at most
// kLanes outputs, where oneDNN reaches a tenth of its speed. Fixed by shape, never by measurement.
//
// Bytes: single-threaded; rows of a block, and rows of W of a tile, may differ in the last bits
// from those computed in another cut (oneDNN below AVX-512), so callers cut by shape alone. All
// return false when oneDNN has no memory for its packing buffers: the result is then undefined.
#ifndef WINNOW_KERNELS_OPS_DENSE_H_
#define WINNOW_KERNELS_OPS_DENSE_H_

#include <cstdint>

namespace winnow::ops {

// REQUIRES of all three, for at most kLanes outputs: ldx and ldz are multiples of kLanes, >= the
// width rounded up to kLanes, and kLanes floats after the last row can be read.

[[nodiscard]] bool DenseForward(int64_t rows, int64_t inputs, int64_t outputs, const float* x,
                                int64_t ldx, const float* w, float* z, int64_t ldz);

// dX of `inputs` consecutive rows of W: `w` points at the first of them, `dx` at its column.
[[nodiscard]] bool DenseBackwardData(int64_t rows, int64_t inputs, int64_t outputs, const float* dz,
                                     int64_t ldz, const float* w, float* dx, int64_t ldx);

// G of `inputs` consecutive rows of W, dense [inputs x outputs]; `x` points at the first of their
// columns.
[[nodiscard]] bool DenseWeightGradient(int64_t rows, int64_t inputs, int64_t outputs,
                                       const float* x, int64_t ldx, const float* dz, int64_t ldz,
                                       float* g);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_DENSE_H_
