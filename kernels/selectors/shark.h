// SHARK: a first-order estimate of what shuffling a field of the trained model would cost.
//
// Zhang et al., "SHARK: A Lightweight Model Compression Approach for Large-scale Recommender
// Systems", CIKM 2023, the F-Permutation score:
//   score_c = mean over rows of | <d loss/d e_c, m_c - e_c> |
// with e_c the inputs of candidate c (an embedding, a standardised value), m_c their mean over the
// rows. The full model is trained first, as full_model_run.h says. One pass with gradients replaces
// the candidates x shuffles passes of permutation. Departure: one ranking instead of dropping a few
// fields at a time with training between. Cost: one training and two passes over the rows.
#ifndef WINNOW_KERNELS_SELECTORS_SHARK_H_
#define WINNOW_KERNELS_SELECTORS_SHARK_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row SharkRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SHARK_H_
