// The kernels of dense_kernels.h for CPUs with AVX2 and FMA.
#ifndef WINNOW_KERNELS_OPS_DENSE_AVX2_H_
#define WINNOW_KERNELS_OPS_DENSE_AVX2_H_

#include "kernels/ops/dense_kernels.h"

namespace winnow::ops::avx2 {

void RunPanelProduct(const PanelProduct& p);
void RunGradientProduct(const GradientProduct& p);

}  // namespace winnow::ops::avx2

#endif  // WINNOW_KERNELS_OPS_DENSE_AVX2_H_
