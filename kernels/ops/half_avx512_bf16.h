// The kernels of half_kernels.h for CPUs with AVX-512 BF16.
#ifndef WINNOW_KERNELS_OPS_HALF_AVX512_BF16_H_
#define WINNOW_KERNELS_OPS_HALF_AVX512_BF16_H_

#include "kernels/ops/half_kernels.h"

namespace winnow::ops::avx512_bf16 {

void RunPanelProduct(const HalfPanelProduct& p);
void RunGradientProduct(const HalfGradientProduct& p);

}  // namespace winnow::ops::avx512_bf16

#endif  // WINNOW_KERNELS_OPS_HALF_AVX512_BF16_H_
