#include "kernels/selectors/knapsack.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace winnow::selectors {
namespace {

struct Choice {
  int32_t candidate = -1;
  double gain = 0;
};

// The eligible candidate of largest value(gain, candidate), the first of equal ones.
template <typename Value>
std::optional<Choice> Best(const ChosenSet& chosen, const GainOf& gain, const Value& value) {
  std::optional<Choice> best;
  double most = 0;
  for (const int32_t c : chosen.Eligible()) {
    const Choice choice{c, gain(chosen.picks(), c)};
    const double worth = value(choice);
    if (best && worth <= most) continue;
    best = choice;
    most = worth;
  }
  return best;
}

// Adds up the gains of what it adds.
double Greedy(ChosenSet& chosen, const CandidateSet& candidates, const Budget& budget,
              const GainOf& gain, int32_t phase, int64_t most) {
  const auto ratio = [&](const Choice& choice) {
    return GainForCost(choice.gain, LimitedCost(budget, candidates.items[choice.candidate].cost));
  };
  double total = 0;
  for (; most > 0; --most) {
    const std::optional<Choice> best = Best(chosen, gain, ratio);
    if (!best) break;
    chosen.Add(best->candidate, phase, best->gain);
    total += best->gain;
  }
  return total;
}

}  // namespace

double GainForCost(double gain, double cost) {
  if (gain < 0) return gain * cost;
  if (cost > 0) return gain / cost;
  return gain > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

ChosenSet FillByRatio(const ChosenSet& start, const CandidateSet& candidates, const Budget& budget,
                      const GainOf& gain, int32_t phase, int64_t most) {
  ChosenSet greedy = start, fallback = start;
  const double by_ratio = Greedy(greedy, candidates, budget, gain, phase, most);
  const auto single = Best(start, gain, [](const Choice& choice) { return choice.gain; });
  if (!single || most < 1 || greedy.contains(single->candidate)) return greedy;
  fallback.Add(single->candidate, phase, single->gain);
  const double with_single =
      single->gain + Greedy(fallback, candidates, budget, gain, phase, most - 1);
  return with_single > by_ratio ? fallback : greedy;
}

}  // namespace winnow::selectors
