// Bias and rectifier of a dense layer, in place on rows of width n, row stride ld.
//
//   forward    z += b;   h = z where z > 0, NaN where it is NaN (so that it is noticed), else 0
//   backward   dz = dh where h > 0, else 0
//   bias       db_j = sum over rows of dz_j, rows in order
#ifndef WINNOW_KERNELS_OPS_ACTIVATION_H_
#define WINNOW_KERNELS_OPS_ACTIVATION_H_

#include <cstdint>

namespace winnow::ops {

void AddBias(int64_t rows, int64_t n, const float* bias, float* z, int64_t ld);
void AddBiasRelu(int64_t rows, int64_t n, const float* bias, float* z, int64_t ld);
// dh becomes scale * dh where h > 0, else 0. `scale` is 1 / (1 - p) of a dropout, or 1.
void ReluBackward(int64_t rows, int64_t n, const float* h, float scale, float* dh, int64_t ld);
void BiasGradient(int64_t rows, int64_t n, const float* dz, int64_t ld, float* db);

namespace ref {
void AddBiasRelu(int64_t rows, int64_t n, const float* bias, float* z, int64_t ld);
void ReluBackward(int64_t rows, int64_t n, const float* h, float scale, float* dh, int64_t ld);
void BiasGradient(int64_t rows, int64_t n, const float* dz, int64_t ld, double* db);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_ACTIVATION_H_
