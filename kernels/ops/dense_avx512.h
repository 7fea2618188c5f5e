// The kernels of dense_kernels.h for CPUs with AVX-512.
#ifndef WINNOW_KERNELS_OPS_DENSE_AVX512_H_
#define WINNOW_KERNELS_OPS_DENSE_AVX512_H_

#include "kernels/ops/dense_kernels.h"

namespace winnow::ops::avx512 {

void RunPanelProduct(const PanelProduct& p);
void RunGradientProduct(const GradientProduct& p);

}  // namespace winnow::ops::avx512

#endif  // WINNOW_KERNELS_OPS_DENSE_AVX512_H_
