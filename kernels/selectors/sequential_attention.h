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
// Options. mask = linear, the Hadamard form of the theory: a_i = max(0, w_i) on U, w starts at
// sigma / |U| and decays with the network (a ridge on both factors), d loss/d w_i = g_i. Together
// with logit_optimizer = sgd and weight decay on W it is the form that equals Sequential LASSO and
// OMP for least squares. validation_logits: g is taken on batches of validation rows. ensemble: g
// is the mean over several networks (kernels/train/ensemble.h). prefilter: at the start the
// candidates are cut to those of largest F statistic (univariate.h); on tables of far more columns
// than rows the filter alone beats learnt selectors.
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

// Weight decays that tune_weight_decay tries, in this order. Measured: 1 is safe everywhere, near
// duplicates need 10 to 30 (madelon, k = 20: accuracy .72 with 1, .84 with 30), which cost .01 on
// images.
inline constexpr double kTunedWeightDecays[] = {1, 10, 30};

Row SequentialAttentionRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SEQUENTIAL_ATTENTION_H_
