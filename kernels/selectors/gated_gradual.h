// Softmax gates with one gradual pruning phase: dense, pruning on the cubic schedule 1 - (1 - t)^3,
// sparse.
//
// Our own combination of the gates of SequentialAttention++ (arXiv:2402.17902) with the schedule of
// gradual magnitude pruning (Zhu & Gupta 2017, arXiv:1710.01878); gates, gradient and pruning stand
// in pruning_run.h. The score is the gate. Best mean of all block pruners in six of six measured
// settings; the default for short runs.
#ifndef WINNOW_KERNELS_SELECTORS_GATED_GRADUAL_H_
#define WINNOW_KERNELS_SELECTORS_GATED_GRADUAL_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row GatedGradualRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GATED_GRADUAL_H_
