// The products of a dense layer of one output: a logistic or squared head. Every sum has a fixed
// order, the same for any cut of rows and any vector width:
//   forward           16 lanes over the inputs, then the tree of SumLanes
//   weight gradient   rows in order
#ifndef WINNOW_KERNELS_OPS_DENSE_NARROW_H_
#define WINNOW_KERNELS_OPS_DENSE_NARROW_H_

#include <cstdint>

namespace winnow::ops {

// z_i = x_i w; z of row i at z[i * ldz].
void DotForward(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* w, float* z,
                int64_t ldz);
// g = sum over rows of dz_i x_i, which must be readable in whole vectors.
void DotWeightGradient(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* dz,
                       int64_t ldz, float* g);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_DENSE_NARROW_H_
