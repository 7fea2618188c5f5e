// The kernels of half_kernels.h for CPUs with AVX-512 BF16.
#ifndef WINNOW_KERNELS_OPS_HALF_AVX512_BF16_H_
#define WINNOW_KERNELS_OPS_HALF_AVX512_BF16_H_

#include "kernels/ops/half_kernels.h"

namespace winnow::ops::avx512_bf16 {

// Two rows of floats to bf16, n a multiple of 16 readable elements: each row by itself, unless
// `half_even` is null, and both as pairs. `odd` null: a row of zeros, half_odd unused.
void RoundTwoRows(int64_t n, const float* even, const float* odd, uint16_t* half_even,
                  uint16_t* half_odd, uint32_t* pairs);

void RunPanelProduct(const HalfPanelProduct& p);
void RunGradientProduct(const HalfGradientProduct& p);

}  // namespace winnow::ops::avx512_bf16

#endif  // WINNOW_KERNELS_OPS_HALF_AVX512_BF16_H_
