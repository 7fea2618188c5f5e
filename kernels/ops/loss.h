// Losses with their gradient, one row at a time, in row order.
//
//   y_i target, w_i sample weight, z_i logits (row stride ldz)
//   logistic   l = log(1 + exp(z)) - y z               dl/dz = sigmoid(z) - y,      y in {0, 1}
//   softmax    l = log sum_c exp(z_c) - z_y            dl/dz_c = p_c - [c = y]
//   squared    l = (z - y)^2                           dl/dz = 2 (z - y)
// Each writes dz_i = scale w_i dl_i/dz (unless `dz` is null) and returns sum_i w_i l_i in double.
// `weight` may be null: 1 each. No overflow for any finite logits; NaN in gives NaN out.
#ifndef WINNOW_KERNELS_OPS_LOSS_H_
#define WINNOW_KERNELS_OPS_LOSS_H_

#include <cstdint>

namespace winnow::ops {

double LogisticLoss(int64_t rows, const float* z, int64_t ldz, const float* target,
                    const float* weight, float scale, float* dz);
// Row stride of dz is ldz. REQUIRES: target is an integer in [0, classes).
double SoftmaxLoss(int64_t rows, int64_t classes, const float* z, int64_t ldz, const float* target,
                   const float* weight, float scale, float* dz);
double SquaredLoss(int64_t rows, const float* z, int64_t ldz, const float* target,
                   const float* weight, float scale, float* dz);

namespace ref {
// The loss of one row and its gradient, as the formulas stand. dz may be null.
double LogisticLoss(double z, double y, double* dz);
double SoftmaxLoss(int64_t classes, const double* z, int64_t y, double* dz);
double SquaredLoss(double z, double y, double* dz);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_LOSS_H_
