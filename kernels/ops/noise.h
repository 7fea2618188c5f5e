// Counter-based noise on activations: a value depends on (seed, stream, draw index), never on the
// thread or the order.
//
// A draw is 16 bits of the stream: value d is 16-bit word d % 8 of random block d / 8.
//   dropout    the unit stays when word >= p 65536; h = h / (1 - p) or 0
//   Gaussian   the quantile function of N(0, 1) at (word + 1/2) / 65536, piecewise linear between
//              knots at i / 4096, the outermost ones at -4 and 4: mean 0, variance 1.0001, fourth
//              moment 3.0002, largest value 3.99
#ifndef WINNOW_KERNELS_OPS_NOISE_H_
#define WINNOW_KERNELS_OPS_NOISE_H_

#include <cstdint>

#include "kernels/base/rng.h"

namespace winnow::ops {

// x[j] += stddev * gaussian(first_draw + j), j in [0, n). REQUIRES: first_draw % 8 == 0.
void AddGaussianNoise(const RngStream& stream, uint64_t first_draw, int64_t n, float stddev,
                      float* x);

// h[j] kept and multiplied by 1 / (1 - p), or 0, j in [0, n). REQUIRES: first_draw % 8 == 0,
// 0 <= p < 1.
void Dropout(const RngStream& stream, uint64_t first_draw, int64_t n, float p, float* h);

namespace ref {
// One draw each.
double Gaussian(const RngStream& stream, uint64_t draw);
bool IsDropped(const RngStream& stream, uint64_t draw, float p);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_NOISE_H_
