// Group LASSO on the inputs of a network: one penalised training, the largest norms are kept.
//
//   loss + lambda sum_c ||W_c||_2,  W_c the first-layer weights of candidate c
// Yuan & Lin, JRSS B 68 (2006); for networks, Scardapane et al., Neurocomputing 241 (2017). After
// `warmup` plain training the penalty sets in; at the end the candidates of largest contribution
// rms(x_c) ||W_c|| are picked at once, so near duplicates are kept together. The gradient of the
// penalty goes through Adam (norms become small, not 0). Cost: a training and O(first-layer
// weights) a step.
#ifndef WINNOW_KERNELS_SELECTORS_GROUP_LASSO_H_
#define WINNOW_KERNELS_SELECTORS_GROUP_LASSO_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row GroupLassoRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GROUP_LASSO_H_
