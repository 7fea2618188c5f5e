// Sequential LASSO: a group penalty on what is not selected; the largest norm is picked each phase.
//
// Luo & Chen, "Sequential Lasso cum EBIC", JASA 2014; as a selector for networks, Yasuda et al.
// (arXiv:2209.14881), whose Sequential Attention equals it for least squares.
//   loss + lambda sum_{c in U} ||W_c||_2,  W_c the first-layer weights of candidate c, nothing on S
// After `warmup` plain training the penalty sets in; at the end of each phase the candidates of U
// with the largest contribution rms(x_c) ||W_c|| are picked and freed of it. No mask.
// Departures: the gradient of the penalty goes through Adam, as in the published code, so norms
// become small, not 0; lambda is fixed rather than kept below its critical value. Cost: a training
// and O(first-layer weights) a step.
#ifndef WINNOW_KERNELS_SELECTORS_SEQUENTIAL_LASSO_H_
#define WINNOW_KERNELS_SELECTORS_SEQUENTIAL_LASSO_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row SequentialLassoRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SEQUENTIAL_LASSO_H_
