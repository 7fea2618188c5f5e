// The products of dense.h for 1 to kLanes outputs: a logistic or squared head, a small softmax
// head. Every sum has a fixed order, the same for any cut of rows and any vector width:
//   forward           one output: 16 lanes over the inputs, then the tree of SumLanes;
//                     more: inputs in order
//   backward data     outputs in order
//   weight gradient   rows in order
#ifndef WINNOW_KERNELS_OPS_DENSE_NARROW_H_
#define WINNOW_KERNELS_OPS_DENSE_NARROW_H_

#include <cstdint>

namespace winnow::ops {

// One output.
void DotForward(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* w, float* z,
                int64_t ldz);
void DotWeightGradient(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* dz,
                       int64_t ldz, float* g);

// 1 to kLanes outputs.
void NarrowForward(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                   const float* w, float* z, int64_t ldz);
void NarrowBackwardData(int64_t rows, int64_t inputs, int64_t outputs, const float* dz, int64_t ldz,
                        const float* w, float* dx, int64_t ldx);
void NarrowWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x,
                          int64_t ldx, const float* dz, int64_t ldz, float* g);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_DENSE_NARROW_H_
