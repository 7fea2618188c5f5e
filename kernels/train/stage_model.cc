#include "kernels/train/stage_model.h"

#include <algorithm>
#include <cstddef>

#include "kernels/base/rng.h"
#include "kernels/train/subset.h"

namespace winnow::train {

std::optional<std::vector<int32_t>> StageSubset(const JobContext& context, const JobState& state,
                                                const Stage& stage) {
  const plan::Plan& plan = *context.plan;
  if (stage.control == "full") return std::nullopt;
  if (stage.control == "random") {
    return RandomSubset(plan.candidates, plan.budget, RngStream(context.seed(), stage.name));
  }
  if (stage.control == "uniform") return WidestUniform(plan.candidates, plan.budget).selected;
  if (stage.control == "magnitude") return state.magnitude_subset;
  size_t count = state.picks.size();
  if (stage.kind == Stage::Kind::kCurve) count = std::min(count, static_cast<size_t>(stage.k));
  std::vector<int32_t> selected;
  for (size_t i = 0; i < count; ++i) selected.push_back(state.picks[i].candidate);
  return selected;
}

TrainingConfig StageTraining(const JobContext& context, const JobState& state, const Stage& stage) {
  const plan::Plan& plan = *context.plan;
  const std::optional<std::vector<int32_t>> subset = StageSubset(context, state, stage);
  if (!subset) return PlannedTraining(plan, stage.name, plan.model);
  plan::ModelShape shape = SubsetShape(plan.model, plan.candidates, *subset);
  if (stage.kind == Stage::Kind::kCapacity) shape = WidenTo(shape, plan.model.parameters);
  TrainingConfig config = PlannedTraining(plan, stage.name, shape);
  if (plan.candidates.gate == GateKind::kBlock) {
    config.mask = MaskOf(plan.candidates.size(), *subset);
  }
  return config;
}

plan::ModelShape FinalShape(const JobContext& context, const JobState& state) {
  Stage retrain;
  retrain.kind = Stage::Kind::kRetrain;
  return SubsetShape(context.plan->model, context.plan->candidates,
                     *StageSubset(context, state, retrain));
}

}  // namespace winnow::train
