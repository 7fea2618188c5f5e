// AutoField: keep or drop, drawn by Gumbel-softmax, learnt on validation rows.
//
// Wang, Zhao, Xu & Wu, "AutoField: Automating Feature Selection in Deep Recommender Systems", WWW
// 2022 (arXiv:2204.09078), equations 4 to 9.
//   p_c = sigmoid((a1_c - a0_c + G1_c - G0_c) / tau),  G Gumbel(0, 1)     the mask of a step
//   d/d a1_c = g_c p_c (1 - p_c) / tau = - d/d a0_c,  g_c = d(validation loss)/d p_c
// Weights step on training batches; every `gate_interval` steps the logits step on a validation
// batch, with weights as they are (first order). tau falls linearly. At the end the candidates of
// largest a1 - a0 are kept.
// Departures: G1 - G0 is one logistic draw; one draw a step for all rows; Adam at 10 times the
// network's rate for the logits, with one second moment for all of them, as with one each every
// logit moves at the same speed and the order is noise; tau falls to its least within the run
// unless told otherwise, and gates step every second step: the paper's values are for millions of
// rows. Cost: a training and a gradient on a validation batch every gate_interval steps.
#ifndef WINNOW_KERNELS_SELECTORS_AUTOFIELD_H_
#define WINNOW_KERNELS_SELECTORS_AUTOFIELD_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row AutofieldRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_AUTOFIELD_H_
