// Sequential Attention: greedy selection by softmax gates in one training.
//
// Yasuda, Bateni, Chen, Fahrbach, Fu & Mirrokni, "Sequential Attention for Feature Selection", ICLR
// 2023 (arXiv:2209.14881), algorithm 1.
//
//   S selected, U the others that are eligible and affordable, w in R^U logits, sigma the mask
//   scale a_i = 1 (i in S),   sigma exp(w_i) / sum_{j in U} exp(w_j) (i in U),   0 otherwise d
//   loss/d w_i = a_i (g_i - sum_{j in U} p_j g_j),   p = a / sigma,   g = d loss/d a
//
// Schedule over T steps and R = ceil((picks - must_keep) / m) rounds of m picks: T0 = floor(warmup
// T) steps with every gate at 1 and fixed logits, then phase r covers steps [T0 + floor(r (T - T0)
// / R), T0 + floor((r + 1) (T - T0) / R)). After the last step of a phase the m candidates of U
// with the largest score are picked, ties to the lowest index; then the logits of U are drawn anew,
// N(0, 1e-5^2), and their Adam moments cleared. The network and its moments go on.
//
// Departures. From the published code: it picks at the start of a phase (so its first pick is
// noise), counts picks against rounds when m > 1, and shifts the softmax by the maximum over all
// logits. From the paper: the mask scale and SGD logits are options; for embedding chunks the score
// is log a_i + log(rms contribution) - e log cost_i, since logits of embeddings of different scale
// cannot be compared (`score`). Cost: O(d) a step beside the training step; state O(d).
#ifndef WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_H_
#define WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row SequentialAttentionRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_H_
