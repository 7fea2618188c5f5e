// Stochastic gates: a hard sigmoid of a noisy parameter per candidate.
//
// Yamada, Lindenbaum, Negahban & Kluger, "Feature Selection using Stochastic Gates", ICML 2020
// (arXiv:1810.04247), equations 3 to 6.
//   z_c = clip(mu_c + e_c, 0, 1),  e_c ~ N(0, sigma^2)        the mask of a step
//   loss + lambda sum_c Phi(mu_c / sigma)                     expected number of open gates
//   d/dmu_c = g_c [0 < mu_c + e_c < 1] + lambda phi(mu_c / sigma) / sigma,  g_c = d loss / d z_c
// mu starts at 1/2; at the end the largest mu are kept. Without `penalty` lambda moves, step by
// step, by exp(eta (expected open - picks) / candidates), from 1e-3, so that the run ends near the
// budget: the paper finds it by a search over trainings. Departures: one draw of the noise a step,
// not one a row, since a mask is that of the batch; Adam at 10 times the network's rate for mu.
// Cost: a training; O(candidates) a step.
#ifndef WINNOW_KERNELS_SELECTORS_STG_H_
#define WINNOW_KERNELS_SELECTORS_STG_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row StgRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_STG_H_
