// The kernels of a level.
#ifndef WINNOW_KERNELS_OPS_DENSE_SELECT_H_
#define WINNOW_KERNELS_OPS_DENSE_SELECT_H_

#include "kernels/ops/dense_kernels.h"
#include "kernels/ops/isa.h"

namespace winnow::ops {

// REQUIRES: `isa` is usable here.
const DenseKernels& DenseKernelsOf(Isa isa);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_DENSE_SELECT_H_
