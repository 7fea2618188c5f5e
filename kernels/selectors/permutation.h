// Permutation importance: what the trained model loses when one candidate's values are shuffled.
//
// Breiman, "Random forests", Machine Learning 45 (2001), section 10; as a selector of fields, Jia
// et al., "ERASE", KDD 2024.
//   score_c = (1/S) sum_s L(rows, x_c taken from row pi_{c,s}(n)) - L(rows)
// with S shuffles pi drawn from the seed, L the mean loss over at most `rows` validation rows. The
// full model is trained first, as full_model_run.h says. Redundant candidates share their
// importance, so each may look useless: it ranks, it does not account for redundancy.
// Cost: one training and S x candidates forward passes over the rows.
#ifndef WINNOW_KERNELS_SELECTORS_PERMUTATION_H_
#define WINNOW_KERNELS_SELECTORS_PERMUTATION_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row PermutationRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_PERMUTATION_H_
