#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/plan/lockstep.h"
#include "kernels/plan/memory_estimate.h"
#include "kernels/plan/model_shape.h"
#include "kernels/plan/resolver.h"
#include "kernels/selectors/own_run_params.h"
#include "kernels/selectors/registry.h"

namespace winnow::plan {
namespace {

constexpr int64_t kLeastMemory = int64_t{64} << 20;
// Multiply-adds per second of one core in a whole step (half the measured 150 GF/s of small layers
// counts two operations), and the fixed cost of a row: gather, loss, bookkeeping.
constexpr double kMultiplyAddsPerSecond = 5e10;
constexpr double kSecondsPerRow = 1e-7;

int64_t DenseWeights(const ModelShape& shape) {
  int64_t weights = 0;
  for (const LayerShape& layer : Layers(shape)) weights += layer.weights();
  return weights;
}

// Seconds of `steps` steps: forward, weight gradient and backward-data, three products of the
// weights per row.
double StepSeconds(const ModelShape& shape, int64_t steps, int64_t batch) {
  const double per_row =
      3.0 * static_cast<double>(DenseWeights(shape)) / kMultiplyAddsPerSecond + kSecondsPerRow;
  return static_cast<double>(steps) * static_cast<double>(batch) * per_row;
}

// Ordinary trainings besides the selection: retrain, trials, controls, curve. What train/ makes of
// them: the retrain of a trial is that of the result unless a tolerance cuts it; magnitude needs
// the full model; a random mask of blocks is compared with the chosen mask trained as plainly;
// widths of embeddings with one width for all.
int64_t Trainings(const Plan& plan) {
  const GateKind gate = plan.candidates.gate;
  const std::vector<std::string>& controls = *plan.spec.evaluation.controls;
  const auto has = [&controls](const char* name) {
    return std::find(controls.begin(), controls.end(), name) != controls.end();
  };
  const selectors::Row* row = selectors::FindSelector(plan.spec.selector.name);
  const bool select_is_training =
      gate == GateKind::kBlock && row != nullptr && row->trains_the_model;
  auto trainings = static_cast<int64_t>(plan.curve.size());
  trainings += static_cast<int64_t>(plan.tuned_weight_decays.size());
  const bool trials_retrain = !plan.tuned_weight_decays.empty() && !plan.budget.quality_tolerance;
  if (!select_is_training && !trials_retrain) ++trainings;
  if (has("full") || has("magnitude") || plan.budget.quality_tolerance) ++trainings;
  if (plan.budget.quality_tolerance) {
    trainings += kToleranceRounds * std::min(kSizesPerRound, plan.max_picks);
  }
  if (has("random")) trainings += *plan.spec.evaluation.random_draws;
  if (!controls.empty() && gate == GateKind::kChunk) ++trainings;
  if (select_is_training && (has("random") || has("transplant"))) ++trainings;
  if (has("magnitude")) ++trainings;
  return trainings;
}

Estimate MakeEstimate(const Resolver& r) {
  const Plan& plan = r.plan;
  Estimate estimate;
  const int64_t trainings = Trainings(plan);
  const auto trials = static_cast<int64_t>(plan.tuned_weight_decays.size());
  const int64_t selections =
      (*plan.spec.evaluation.repeats - 1 + std::max<int64_t>(1, trials)) * plan.selection_steps;
  estimate.steps = selections + trainings * plan.training_steps;
  estimate.memory_bytes = EstimateMemory(plan, r.profile);
  estimate.seconds =
      static_cast<double>(selectors::EnsembleSize(plan.spec.selector.params)) *
          StepSeconds(plan.model, selections, plan.selection_batch) +
      StepSeconds(plan.model, trainings * plan.training_steps, *plan.spec.training.batch_size);
  if (*plan.spec.evaluation.capacity_matched) {
    estimate.steps += plan.training_steps;
    // Its hidden layers hold what the full model holds in tables and rows of the first layer.
    const double rows = static_cast<double>(plan.training_steps) * *plan.spec.training.batch_size;
    estimate.seconds +=
        rows * (3.0 * static_cast<double>(plan.model.parameters) / kMultiplyAddsPerSecond +
                kSecondsPerRow);
  }
  return estimate;
}

}  // namespace

void ResolveResources(Resolver& r) {
  ResourcesSpec& resources = r.plan.spec.resources;
  // Of a plan that is refused nobody asks, and its numbers may be too large to calculate with.
  if (r.violations.empty()) r.plan.estimate = MakeEstimate(r);
  if (!resources.memory_limit_bytes) {
    resources.memory_limit_bytes =
        std::max<int64_t>(int64_t{512} << 20, 2 * r.plan.estimate.memory_bytes);
  }
  if (!resources.workers) resources.workers = 1;
  if (!resources.priority) resources.priority = 0;
  r.RequireRange("resources.memory_limit_bytes", *resources.memory_limit_bytes,
                 *resources.memory_limit_bytes >= kLeastMemory,
                 absl::StrCat("must be >= ", kLeastMemory));
  if (resources.wall_clock_limit_s) {
    r.RequireRange(
        "resources.wall_clock_limit_s", *resources.wall_clock_limit_s,
        *resources.wall_clock_limit_s > 0 && std::isfinite(*resources.wall_clock_limit_s),
        "must be > 0 and finite");
  }
  r.RequireRange("resources.workers", *resources.workers, *resources.workers == 1,
                 "more than 1 is not built yet; must be 1");
  r.RequireRange("resources.priority", *resources.priority,
                 *resources.priority >= -100 && *resources.priority <= 100, "must be -100 to 100");
}

}  // namespace winnow::plan
