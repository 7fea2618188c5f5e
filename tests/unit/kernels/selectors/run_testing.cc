#include "tests/unit/kernels/selectors/run_testing.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"
#include "kernels/selectors/skeleton.h"
#include "tests/support/status_matchers.h"

namespace winnow::selectors {

ParamValues ResolvedParams(const Row& row, GateKind gate, const ParamValues& given) {
  ParamValues params = FillDefaults(row.params, given);
  const auto fill = [&](const char* name, const ParamValue& value) {
    for (const ParamSpec& spec : row.params) {
      if (spec.name == name) params.try_emplace(name, value);
    }
  };
  fill("score", std::string(gate == GateKind::kChunk ? "gate_magnitude" : "gate"));
  fill("cost_exponent", 0.0);
  fill("prefilter", int64_t{0});
  fill("picks_per_round", int64_t{1});
  if (row.trains_the_model) fill("steps", int64_t{300});
  return params;
}

std::vector<Row> AllRows() {
  std::vector<Row> rows(Registry().begin(), Registry().end());
  rows.push_back(SkeletonRow());
  return rows;
}

TestRun::TestRun(const Row& row, const PlantedData& data, const RunOptions& options)
    : follows_schedule_(row.trains_the_model), options_(options), model_(data, options.seed) {
  const ParamValues params = ResolvedParams(row, data.candidates.gate, options.params);
  problem_.candidates = &data.candidates;
  problem_.budget = options.budget == Budget() ? data.TruthBudget() : options.budget;
  std::vector<Cost> costs;
  for (const Candidate& candidate : data.candidates.items) costs.push_back(candidate.cost);
  problem_.max_picks = MaxAffordableCount(problem_.budget, costs);
  problem_.total_steps = row.selection_steps(params, problem_.max_picks);
  problem_.seed = options.seed;
  problem_.validation_rows = data.rows();
  selector_ = row.make(params);
  status_ = selector_->Begin(problem_);
  if (status_.ok() && problem_.total_steps > 0) phases.emplace_back(0, selector_->first_phase());
}

void TestRun::Tell(const StepOutcome& outcome) {
  for (const Pick& pick : outcome.picks) picks.emplace_back(step_, pick);
  if (outcome.sparsity) sparsities.emplace_back(step_, *outcome.sparsity);
  done_ = outcome.done;
}

void TestRun::Step() {
  StepOutcome outcome;
  if (selector_->evaluates()) {
    ASSERT_OK(selector_->Evaluate(model_, outcome));
    Tell(outcome);
    return;
  }
  model_.SetBatch(step_ * options_.batch);
  ASSERT_OK(selector_->Prepare(step_, model_));
  const auto mask = selector_->mask();
  masks.emplace_back(mask.begin(), mask.end());
  std::vector<float> gradient;
  if (selector_->needs_mask_gradient()) gradient.resize(mask.size());
  const double t = static_cast<double>(step_) / static_cast<double>(problem_.total_steps);
  const double rate = follows_schedule_ ? std::pow(0.05, t) : 1.0;
  model_.Step(mask, selector_->ridge(), step_ * options_.batch, options_.batch,
              options_.learning_rate * rate, gradient);
  ASSERT_OK(selector_->Step(step_, rate, gradient, model_, outcome));
  if (outcome.reset_optimizer) {
    model_.ClearMoments();
    resets.push_back(step_);
  }
  if (!outcome.mask_changed) {
    EXPECT_EQ(masks.back(), std::vector<float>(selector_->mask().begin(), selector_->mask().end()));
  }
  Tell(outcome);
  ++step_;
  if (outcome.phase) phases.emplace_back(step_, *outcome.phase);
}

void TestRun::RunTo(int64_t step) {
  while (!done() && step_ < step) Step();
}

void TestRun::RunToEnd() {
  while (!done()) Step();
  if (!done_ && step_ == 0) {
    ASSERT_OK(selector_->Finish(model_));
  }
}

Checkpoint TestRun::Save() const {
  Checkpoint checkpoint;
  selector_->Save("selector", checkpoint);
  return checkpoint;
}

void TestRun::Resume(const TestRun& other) {
  model_ = other.model_;
  step_ = other.step_;
  done_ = other.done_;
  ASSERT_OK(selector_->Load("selector", other.Save()));
}

std::vector<int32_t> Candidates(const std::vector<Pick>& picks) {
  std::vector<int32_t> candidates;
  for (const Pick& pick : picks) candidates.push_back(pick.candidate);
  return candidates;
}

std::vector<int32_t> Sorted(std::vector<int32_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace winnow::selectors
