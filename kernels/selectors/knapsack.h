// Filling a budget of costs by gain for cost, with the best single item as the fallback.
//
//   ratio(c | S) = (g(S + c) - g(S)) / cost(c)      the larger the better; a loss times its cost
//   greedy:    while something fits, add the candidate of largest ratio
//   fallback:  the affordable candidate of largest gain by itself first, then greedy
// and of the two the set of larger g; equal ones: greedy. cost is LimitedCost of the budget. Greedy
// alone can be arbitrarily bad: an item of tiny cost and best ratio may shut out the one that is
// worth the whole budget. For monotone submodular g, one currency and no must-keep candidates the
// better of the two has at least (1 - 1/e) / 2 = .316 of the optimum (Khuller, Moss & Naor 1999,
// Information Processing Letters 70; filling up the fallback only adds to it). Gains of networks
// are not submodular and several currencies are no single knapsack: no factor is claimed for those.
#ifndef WINNOW_KERNELS_SELECTORS_KNAPSACK_H_
#define WINNOW_KERNELS_SELECTORS_KNAPSACK_H_

#include <cstdint>
#include <functional>
#include <span>

#include "kernels/base/budget.h"
#include "kernels/selectors/chosen_set.h"

namespace winnow::selectors {

// g(chosen + candidate) - g(chosen); `chosen` in the order of its picks.
using GainOf = std::function<double(std::span<const Pick> chosen, int32_t candidate)>;

// Larger is better; `cost` is LimitedCost. Something for nothing is better than all else.
double GainForCost(double gain, double cost);

// `start` filled up as above, at most `most` more picks, whose scores are their gains when picked.
// `budget` is that of `start`. O(candidates^2) gains.
ChosenSet FillByRatio(const ChosenSet& start, const CandidateSet& candidates, const Budget& budget,
                      const GainOf& gain, int32_t phase, int64_t most);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_KNAPSACK_H_
