#include "kernels/train/tuning.h"

#include <cstddef>
#include <limits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace winnow::train {
namespace {

constexpr char kTuned[] = "weight_decay";

}  // namespace

selectors::ParamValues TrialParams(const plan::Plan& plan, int32_t trial) {
  selectors::ParamValues params = plan.spec.selector.params;
  if (trial >= 0) params[kTuned] = plan.tuned_weight_decays[static_cast<size_t>(trial)];
  return params;
}

std::string TrialLabel(const plan::Plan& plan, int32_t trial) {
  return absl::StrCat("decay_", plan.tuned_weight_decays[static_cast<size_t>(trial)]);
}

int32_t BestTrial(const JobState& state) {
  size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (size_t t = 0; t < state.trials.size(); ++t) {
    const double loss = state.trials[t].validation_loss.value_or(least);
    if (!(loss < least)) continue;
    least = loss;
    best = t;
  }
  return static_cast<int32_t>(best);
}

std::optional<Tuning> TuningOf(const plan::Plan& plan, const JobState& state) {
  if (state.trials.empty()) return std::nullopt;
  Tuning tuning;
  tuning.parameter = kTuned;
  for (size_t t = 0; t < state.trials.size(); ++t) {
    tuning.tried.push_back({plan.tuned_weight_decays[t], state.trials[t].validation_loss});
  }
  tuning.chosen = tuning.tried[static_cast<size_t>(BestTrial(state))].value;
  return tuning;
}

void TrialEvents::Emit(EventBody body) {
  if (std::holds_alternative<PickMade>(body) || std::holds_alternative<Pruned>(body)) return;
  if (auto* phase = std::get_if<PhaseStarted>(&body)) absl::StrAppend(&phase->name, "/", label_);
  events_.Emit(std::move(body));
}

}  // namespace winnow::train
