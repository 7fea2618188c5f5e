// LassoNet: a linear connection beside a network decides which inputs the network may use, along a
// path of rising penalties.
//
// Lemhadri, Ruan, Abraham & Tibshirani, "LassoNet: A Neural Network with Feature Sparsity", JMLR 22
// (2021), algorithms 1 and 2.
//   minimise  loss(x^T theta + g_U(x)) + lambda sum_c |theta_c|   with  max_j |U_cj| <= M |theta_c|
// theta_c and U_c: the weights of candidate c in the linear connection and in the first layer of g.
// Dense training with lambda = 0, then every penalty of the path starts where the one before ended:
// `steps` steps of gradient descent with momentum, each followed by the exact proximal operator.
// Candidates leave until none is left; the last to leave is the best. lambda starts at a hundredth
// of the largest |d loss / d theta_c| and is multiplied by `path_multiplier` after a penalty at
// which fewer than 1 of 50 left, twice, four times, eight times over when nobody leaves.
// Departures: the network is the selector's own, one hidden layer on a sample of the training rows,
// whatever `model` says; who is out at the end of a penalty stays out; among those that leave
// together the larger |theta_c| + M |U_c|_1 before stands higher. The rate is 2 over the largest
// eigenvalue of the inputs' second moments, at most .05, so it needs no tuning.
// Cost: each step 4 rows x columns x (hidden units + outputs) operations, falling as candidates
// leave; hundreds of penalties.
#ifndef WINNOW_KERNELS_SELECTORS_LASSONET_H_
#define WINNOW_KERNELS_SELECTORS_LASSONET_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row LassonetRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_LASSONET_H_
