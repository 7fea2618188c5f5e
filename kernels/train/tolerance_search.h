// The smallest subset whose loss is within a tolerance of the full model's.
//
// The subsets are the prefixes p_1 < p_2 < ... of the picks, in order. With L(k) the validation
// loss of the model retrained on the first k picks and L_full that of the full model (the task's
// loss, mean over the validation rows), the answer is the least k tried with
//
//   L(k) <= L_full + tolerance.
//
// Sizes are tried in rounds of at most kSizesPerRound, whose models train side by side: first a
// geometric grid over all sizes allowed, the largest among them; then evenly between the smallest
// size that passes and the largest below it that fails. Where L falls with k three rounds find the
// least k of up to 150 candidates, and of 1,000 candidates one at most 9 above it. L need not be
// monotone: a size between two that fail is not looked at, and what is found is the smallest of the
// sizes tried. Cost: at most 3 x 8 trainings of the plan's length, and that of the full model. The
// model of a size is the one that the retrain makes, weights and batches alike: what passes here is
// what the result holds.
#ifndef WINNOW_KERNELS_TRAIN_TOLERANCE_SEARCH_H_
#define WINNOW_KERNELS_TRAIN_TOLERANCE_SEARCH_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/selection.h"
#include "kernels/plan/lockstep.h"
#include "kernels/plan/plan.h"
#include "kernels/train/job_state.h"

namespace winnow::train {

using plan::kSizesPerRound;
using plan::kToleranceRounds;

// Sizes of round `round`, ascending; none when nothing is left to find. `tried`: those of earlier
// rounds (later ones are passed over). REQUIRES: 1 <= least <= most.
std::vector<int64_t> SizesOfRound(int32_t round, int64_t least, int64_t most,
                                  std::span<const SizeTried> tried, double most_loss);

// The smallest size that passes; none when none does.
std::optional<int64_t> SmallestWithin(std::span<const SizeTried> tried, double most_loss);

// Picks of the model at place `slot` of round `round`; 0: there is none. REQUIRES: the rounds
// before are done, the selection is.
int64_t SizeOf(const plan::Plan& plan, const JobState& state, int32_t round, int32_t slot);

// REQUIRES: a tolerance in the plan's budget.
ToleranceOutcome OutcomeOf(const plan::Plan& plan, const JobState& state);

// What is said when no size passes: FAILED_PRECONDITION that names tolerance, losses, the excess
// and the limits of the budget that allow no larger subset. `picks`: all of the selection.
absl::Status ToleranceNotMet(const plan::Plan& plan, const ToleranceOutcome& outcome,
                             std::span<const Pick> picks);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_TOLERANCE_SEARCH_H_
