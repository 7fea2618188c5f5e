// A complete, minimal selector to copy: keeps the candidates whose mask gradient was largest over
// the run.
//
// [Your algorithm in one sentence. Authors, year, arXiv or DOI, equation numbers.]
//
//   g_c(t)  d loss / d mask_c at step t, all masks at 1
//   score_c = (1/T) sum_t |g_c(t)|                       first-order estimate of what c is worth
// After the last step the candidates of largest score are kept, ties to the lowest index, as far as
// the budget holds. Cost: O(N) a step beside the training step.
//
// To add a selector: copy this pair of files, write a row into registry.cc, add its parameters to
// the contract (selector.proto) and a test of its own; the conformance suite runs every row of the
// registry by itself. This one is not in the registry; the suite runs it all the same.
#ifndef WINNOW_KERNELS_SELECTORS_SKELETON_H_
#define WINNOW_KERNELS_SELECTORS_SKELETON_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row SkeletonRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SKELETON_H_
