// The machinery that the pruning selectors share: a plan of dense, sparsifying and sparse phases,
// with or without softmax gates.
//
//   N candidates, K to keep, L logits, M in {0, 1}^N alive
//   A_c = clip(N softmax(L)_c, [K / N, N / K]) with gates, 1 without;   the mask is A_c M_c
//   d loss/d L_c = A_c (s_c - (1/N) sum_e A_e s_e),   s_c = M_c g_c,   g = d loss/d mask;   s_c = 0
//   where clipped
// (Yasuda et al., SequentialAttention++, arXiv:2402.17902, algorithm 1; the gradient is the
// softmax's.) The softmax runs over all candidates: dead logits keep moving, which holds the choice
// steady.
//
// In a sparsifying phase N - floor(sparsity(t) N) candidates are alive, sparsity rising to 1 - K/N;
// those with the lowest score die, ties the highest index first. At the end of the last one exactly
// the candidates that the budget holds are alive: by falling score, as far as they fit and their
// prerequisites are in. Cost: O(N) a step, O(N log N) when the mask moves.
#ifndef WINNOW_KERNELS_SELECTORS_PRUNING_RUN_H_
#define WINNOW_KERNELS_SELECTORS_PRUNING_RUN_H_

#include <functional>
#include <memory>
#include <optional>

#include "kernels/selectors/chosen_set.h"
#include "kernels/selectors/gate_logits.h"
#include "kernels/selectors/gate_score.h"
#include "kernels/selectors/prune_phases.h"
#include "kernels/selectors/selector.h"

namespace winnow::selectors {

// What tells one pruning selector from another.
struct PruningSettings {
  std::vector<PruneShare> shares;
  std::function<double(double t)> curve;  // share of the target sparsity at t in [0, 1]
  int64_t mask_updates = 200;             // the mask moves every total_steps / mask_updates steps
  bool reset_optimizer = false;           // clear all moments at each change of phase
  // With gates:
  bool gates = false;
  bool clip = true;
  double logit_learning_rate = 0;  // peak; multiplied by the run's rate
  double logit_weight_decay = 0;
  std::optional<GateScore> gate_score;
  // Without gates the score is the candidate's contribution for features and chunks, the Frobenius
  // norm of its weights for blocks.
};

std::unique_ptr<Selector> MakePruningRun(PruningSettings settings);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_PRUNING_RUN_H_
