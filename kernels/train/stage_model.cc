#include "kernels/train/stage_model.h"

#include <algorithm>
#include <cstddef>

#include "kernels/base/rng.h"
#include "kernels/train/subset.h"
#include "kernels/train/tolerance_search.h"

namespace winnow::train {

Budget SpentBudget(const JobContext& context, const JobState& state) {
  Budget budget = context.plan->budget;
  if (!budget.quality_tolerance) return budget;
  const CandidateSet& candidates = context.plan->candidates;
  if (candidates.gate == GateKind::kChunk) {
    budget.max_bytes = 0;
    for (const Pick& pick : state.picks) {
      *budget.max_bytes += candidates.items[pick.candidate].cost.bytes;
    }
  } else {
    budget.max_count = static_cast<int64_t>(state.picks.size());
  }
  return budget;
}

namespace {

// The first of the magnitude control's candidates, as many as may be spent.
std::vector<int32_t> WithinBudget(const JobContext& context, const JobState& state) {
  const CandidateSet& candidates = context.plan->candidates;
  BudgetLedger ledger(SpentBudget(context, state), candidates.size());
  std::vector<int32_t> selected;
  for (const int32_t index : state.magnitude_subset) {
    const Cost& cost = candidates.items[index].cost;
    if (!ledger.Fits(cost)) break;
    ledger.Spend(cost);
    selected.push_back(index);
  }
  return selected;
}

}  // namespace

std::optional<std::vector<int32_t>> StageSubset(const JobContext& context, const JobState& state,
                                                const Stage& stage) {
  const plan::Plan& plan = *context.plan;
  if (stage.control == "full") return std::nullopt;
  if (stage.control == "random") {
    return RandomSubset(plan.candidates, SpentBudget(context, state),
                        RngStream(context.seed(), stage.name));
  }
  if (stage.control == "uniform") {
    return WidestUniform(plan.candidates, SpentBudget(context, state)).selected;
  }
  if (stage.control == "magnitude") return WithinBudget(context, state);
  size_t count = state.picks.size();
  if (stage.kind == Stage::Kind::kCurve) count = std::min(count, static_cast<size_t>(stage.k));
  if (stage.kind == Stage::Kind::kSize) {
    count = static_cast<size_t>(SizeOf(plan, state, stage.round, stage.slot));
  }
  std::vector<int32_t> selected;
  for (size_t i = 0; i < count; ++i) selected.push_back(state.picks[i].candidate);
  return selected;
}

double CapacityDropout(const plan::Plan& plan) {
  constexpr double kDropout = 0.3;
  constexpr int64_t kRows = 5000;
  const double planned = plan.spec.training.dropout.value();
  const bool embeds = std::any_of(plan.model.fields.begin(), plan.model.fields.end(),
                                  [](const plan::InputField& field) { return field.categorical; });
  return embeds || plan.train_rows < kRows ? planned : std::max(planned, kDropout);
}

TrainingConfig StageTraining(const JobContext& context, const JobState& state, const Stage& stage) {
  const plan::Plan& plan = *context.plan;
  const std::optional<std::vector<int32_t>> subset = StageSubset(context, state, stage);
  if (!subset) return PlannedTraining(plan, stage.name, plan.model);
  plan::ModelShape shape = SubsetShape(plan.model, plan.candidates, *subset);
  if (stage.kind == Stage::Kind::kCapacity) shape = WidenTo(shape, plan.model.parameters);
  TrainingConfig config = PlannedTraining(plan, stage.name, shape);
  if (stage.kind == Stage::Kind::kCapacity) config.dropout = CapacityDropout(plan);
  if (stage.kind == Stage::Kind::kSize) config.streams = "retrain";
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
