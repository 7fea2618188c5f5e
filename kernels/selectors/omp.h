// Orthogonal matching pursuit: the candidate that the residual of the model on S asks for most.
//
// Pati, Rezaiifar & Krishnaprasad, Asilomar 1993, for a network; S the selected candidates.
//   phase r     train with mask 1 on S and 0 elsewhere
//   R           d(sum of losses)/d(logits) of that model over `gradient_rows` training rows
//   score_c     || R^T X_c || / sqrt(n), ModelProbe::ResidualCorrelations: the gradient of a linear
//               term of candidate c at 0
//   pick        the largest score, without dividing by what S already explains of X_c
// For a linear model with squared loss and phases long enough to fit S it is OMP exactly: raw
// correlations of standardised columns with the least-squares residual.
// Departure from networks in the literature, which take the gradient of the first layer's rows:
// with nothing selected every hidden unit is at its kink and that gradient says nothing, and a
// prototype on MNIST (k = 50) had .944 with the residual against .923. Interactions without a main
// effect are not seen. Cost: a training, and one pass over the rows per round.
#ifndef WINNOW_KERNELS_SELECTORS_OMP_H_
#define WINNOW_KERNELS_SELECTORS_OMP_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row OmpRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_OMP_H_
