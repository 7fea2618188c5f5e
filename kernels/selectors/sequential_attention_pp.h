// SequentialAttention++: softmax gates and cycles of pruning.
//
// Yasuda, Axiotis, Fu, Bateni & Mirrokni, "SequentialAttention++ for Block Sparsification", NeurIPS
// 2024 (arXiv:2402.17902), section 3. Gates, gradient and pruning stand in pruning_run.h. Plan, in
// shares of the steps:
//   dense, then cycles of equal thirds (sparsification by (1 - exp(-c t)) / (1 - exp(-c)), sparse,
//   dense), then a last sparsification, then sparse to the end.
// The score is the gate, not the magnitude of the weights.
//
// Departures. Logits have their own learning rate: at the weights' rate they hardly move in a short
// run (standard deviation .08) and the method is magnitude pruning with noise; at 0.06 absolute the
// test log-loss of a 95 % pruned MNIST layer falls from .121 to .085. Resetting the optimizer at
// phase changes, called crucial in the paper, never helped measurably and is off. The clip of the
// paper is read as [K/N, N/K] for gates of mean 1.
#ifndef WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_PP_H_
#define WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_PP_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row SequentialAttentionPpRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_PP_H_
