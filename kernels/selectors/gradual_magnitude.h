// Gradual magnitude pruning of candidates: dense, pruning on the cubic schedule 1 - (1 - t)^3 by
// the norm of each candidate's weights (blocks) or the size of its contribution (features, chunks),
// sparse. No regrowth.
//
// Zhu & Gupta 2017 (arXiv:1710.01878), equation 1, with blocks in place of single weights. The
// baseline to beat.
#ifndef WINNOW_KERNELS_SELECTORS_GRADUAL_MAGNITUDE_H_
#define WINNOW_KERNELS_SELECTORS_GRADUAL_MAGNITUDE_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row GradualMagnitudeRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GRADUAL_MAGNITUDE_H_
