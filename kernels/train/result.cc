#include "kernels/train/result.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/train/aukc.h"
#include "kernels/train/bootstrap.h"
#include "kernels/train/stability.h"
#include "kernels/train/stage_model.h"
#include "kernels/train/subset.h"
#include "kernels/train/tolerance_search.h"
#include "kernels/train/tuning.h"

namespace winnow::train {
namespace {

std::vector<int32_t> CandidatesOf(const std::vector<Pick>& picks) {
  std::vector<int32_t> selected;
  selected.reserve(picks.size());
  for (const Pick& pick : picks) selected.push_back(pick.candidate);
  return selected;
}

void SetSpent(const CandidateSet& candidates, Selection& selection) {
  for (const Pick& pick : selection.picks) {
    const Cost& cost = candidates.items[pick.candidate].cost;
    selection.spent_count += 1;
    selection.spent_bytes += cost.bytes;
    selection.spent_flops += cost.flops;
    selection.spent_price += cost.price;
  }
}

void SetControls(const JobContext& context, const JobState& state, Selection& selection) {
  selection.control_details = nlohmann::json::object();
  for (const char* name : {"full", "uniform", "transplant", "magnitude"}) {
    const std::string stage = absl::StrCat("control/", name);
    if (state.results.count(stage) == 0) continue;
    selection.controls[name] = MetricsOf(context, state, stage);
  }
  const std::string random = "control/random/";
  if (const int64_t draws = CountDraws(state, random); draws > 0) {
    selection.controls["random"] = MetricsOf(context, state, random);
    selection.control_details["random"] = {{"draws", draws}};
  }
  if (selection.controls.count("uniform") != 0) {
    const UniformWidth uniform =
        WidestUniform(context.plan->candidates, SpentBudget(context, state));
    selection.control_details["uniform"] = {
        {"width", uniform.width}, {"bytes", uniform.bytes}, {"fits_budget", uniform.fits}};
  }
}

void SetDimensions(const JobContext& context, Selection& selection) {
  const std::vector<int32_t> selected = CandidatesOf(selection.picks);
  for (const auto& [column, width] : KeptDimensions(context.plan->candidates, selected)) {
    selection.dimensions[context.table->profile().columns[column].name] = width;
  }
}

void SetLayers(const JobContext& context, const JobState& state, Selection& selection) {
  const CandidateSet& candidates = context.plan->candidates;
  LayerOutcome layer;
  layer.name = absl::StrCat("dense_", candidates.grid.layer);
  layer.block_rows = candidates.grid.block_rows;
  layer.block_columns = candidates.grid.block_columns;
  layer.blocks = candidates.size();
  layer.kept = static_cast<int64_t>(selection.picks.size());
  layer.density = static_cast<double>(layer.kept) / static_cast<double>(layer.blocks);
  layer.logit_stddev = state.logit_stddev;
  selection.layers.push_back(layer);
}

// Those that are complete: a stopped job has fewer than it was asked for.
void SetRepeats(const JobContext& context, const JobState& state, Selection& selection) {
  Repeats repeats;
  std::vector<std::vector<int32_t>> sets = {CandidatesOf(state.picks)};
  for (const std::vector<Pick>& picks : state.repeats) sets.push_back(CandidatesOf(picks));
  for (size_t r = 0; r < sets.size(); ++r) {
    repeats.selections.push_back({.seed = context.seed() + r, .selected = sets[r]});
  }
  Stability stability = MeasureStability(sets, context.plan->candidates.size());
  repeats.times = std::move(stability.times);
  repeats.jaccard = stability.jaccard;
  repeats.kuncheva = stability.kuncheva;
  selection.repeats = std::move(repeats);
}

nlohmann::json DataJson(const JobContext& context) {
  const data::TrainingTable& table = *context.table;
  int64_t collisions = 0;
  for (const ColumnProfile& column : table.profile().columns) collisions += column.hash_collisions;
  return {{"rows",
           {{"train", table.train_rows().size()},
            {"validation", table.validation_rows().size()},
            {"test", table.test_rows().size()}}},
          {"dropped_rows", table.profile().dropped_rows},
          {"hash_collisions", collisions}};
}

// Threads and limits do not change the result, so they are no part of it.
nlohmann::json DeterministicSettings(const plan::Plan& plan) {
  nlohmann::json settings = plan::SettingsJson(plan.spec);
  if (settings.contains("training")) settings["training"].erase("threads");
  settings.erase("resources");
  settings.erase("labels");
  return settings;
}

}  // namespace

int64_t CountDraws(const JobState& state, const std::string& prefix) {
  int64_t draws = 0;
  while (state.results.count(absl::StrCat(prefix, draws)) != 0) ++draws;
  return draws;
}

SplitMetrics MetricsOf(const JobContext& context, const JobState& state, const std::string& name) {
  std::vector<MetricSamples> validation, test;
  const auto add = [&](const std::string& stage) {
    const auto result = state.results.find(stage);
    if (result == state.results.end()) return;
    validation.push_back(result->second.validation);
    test.push_back(result->second.test);
  };
  if (name.ends_with('/')) {
    const int64_t draws = CountDraws(state, name);
    for (int64_t draw = 0; draw < draws; ++draw) add(absl::StrCat(name, draw));
  } else {
    add(name);
  }
  SplitMetrics metrics;
  if (validation.empty()) return metrics;
  const double level = context.plan->spec.evaluation.confidence_level.value_or(0.95);
  metrics["validation"] = MeanOf(validation, level);
  metrics["test"] = MeanOf(test, level);
  return metrics;
}

Selection MakeSelection(const JobContext& context, const JobState& state) {
  const plan::Plan& plan = *context.plan;
  Selection selection;
  selection.task = plan.task;
  selection.selector = plan.spec.selector.name;
  selection.seed = context.seed();
  selection.candidates = plan.candidates.size();
  selection.picks = state.picks;
  for (const Candidate& candidate : plan.candidates.items) {
    selection.names.push_back(candidate.name);
    selection.costs.push_back(candidate.cost);
  }
  selection.budget = plan.budget;
  SetSpent(plan.candidates, selection);
  selection.metrics = MetricsOf(context, state, "retrain");
  SetControls(context, state, selection);
  for (const int64_t k : plan.curve) {
    SplitMetrics metrics = MetricsOf(context, state, absl::StrCat("curve/", k));
    if (!metrics.empty()) selection.curve.push_back({.k = k, .metrics = std::move(metrics)});
  }
  selection.aukc = AreaUnderCurve(selection.curve);
  if (state.results.count("capacity_matched") != 0) {
    const plan::ModelShape shape = WidenTo(FinalShape(context, state), plan.model.parameters);
    selection.capacity_matched = {.hidden_units = shape.hidden_units,
                                  .parameters = shape.parameters,
                                  .dropout = CapacityDropout(plan),
                                  .metrics = MetricsOf(context, state, "capacity_matched")};
  }
  if (plan.candidates.gate == GateKind::kChunk) SetDimensions(context, selection);
  if (plan.candidates.gate == GateKind::kBlock) SetLayers(context, state, selection);
  selection.tuning = TuningOf(plan, state);
  if (plan.budget.quality_tolerance) selection.tolerance = OutcomeOf(plan, state);
  if (plan.spec.evaluation.repeats.value_or(1) > 1) SetRepeats(context, state, selection);
  selection.stopped_early = state.stopped;
  selection.settings = DeterministicSettings(plan);
  selection.data = DataJson(context);
  selection.warnings = state.warnings;
  return selection;
}

}  // namespace winnow::train
