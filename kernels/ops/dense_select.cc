#include "kernels/ops/dense_select.h"

#include "kernels/ops/dense_avx2.h"
#include "kernels/ops/dense_avx512.h"

namespace winnow::ops {

const DenseKernels& DenseKernelsOf(Isa isa) {
  static constexpr DenseKernels kPortable = {portable::RunPanelProduct,
                                             portable::RunGradientProduct};
#if defined(__x86_64__)
  static constexpr DenseKernels kAvx2 = {avx2::RunPanelProduct, avx2::RunGradientProduct};
  static constexpr DenseKernels kAvx512 = {avx512::RunPanelProduct, avx512::RunGradientProduct};
  if (isa >= Isa::kAvx512) return kAvx512;
  if (isa == Isa::kAvx2) return kAvx2;
#else
  static_cast<void>(isa);
#endif
  return kPortable;
}

}  // namespace winnow::ops
