#include "kernels/plan/lockstep.h"

#include <algorithm>

#include "kernels/plan/model_shape.h"

namespace winnow::plan {
namespace {

constexpr int64_t kFloat = 4;
// Numbers a parameter needs: weights, two moments, best epoch.
constexpr int64_t kCopies = 4;
// Numbers a dense weight needs besides: under the mask, packed in two directions.
constexpr int64_t kPackedCopies = 3;
// Controls besides the random draws: full, uniform, transplant, magnitude.
constexpr int64_t kOtherControls = 4;

}  // namespace

int64_t LockstepModelBytes(const Plan& plan) {
  const int64_t batch = std::max<int64_t>(*plan.spec.training.batch_size, plan.selection_batch);
  int64_t widths = plan.model.dense_width + plan.model.interaction_width + plan.model.top_inputs;
  int64_t dense = 0;
  for (const LayerShape& layer : Layers(plan.model)) {
    widths += layer.outputs;
    dense += layer.weights();
  }
  // The hidden layers of the retrain with the full model's capacity.
  if (plan.spec.evaluation.capacity_matched.value_or(false)) {
    widths += plan.model.parameters / std::max<int64_t>(1, plan.max_picks);
    dense = std::max(dense, plan.model.parameters);
  }
  // Activations with their gradients, and both in two layouts of bf16.
  const int64_t activation_bytes = *plan.spec.training.precision == Precision::kBf16 ? 20 : 12;
  return kFloat * (kCopies * plan.model.parameters + kPackedCopies * dense) +
         activation_bytes * batch * widths;
}

int64_t LockstepModels(const Plan& plan) {
  return std::clamp<int64_t>(kLockstepBytes / std::max<int64_t>(1, LockstepModelBytes(plan)), 1,
                             kMostLockstepModels);
}

int64_t MostTogether(const Plan& plan) {
  const EvaluationSpec& evaluation = plan.spec.evaluation;
  int64_t trainings = 1 + static_cast<int64_t>(plan.curve.size());
  if (evaluation.capacity_matched.value_or(false)) ++trainings;
  if (!evaluation.controls.value_or(std::vector<std::string>{}).empty()) {
    trainings += kOtherControls + evaluation.random_draws.value_or(3);
  }
  // The full model and the sizes of a round (kernels/train/tolerance_search.h).
  if (plan.budget.quality_tolerance) {
    trainings = std::max<int64_t>(trainings, 1 + std::min(kSizesPerRound, plan.max_picks));
  }
  return std::max<int64_t>({trainings, evaluation.repeats.value_or(1) - 1,
                            static_cast<int64_t>(plan.tuned_weight_decays.size())});
}

}  // namespace winnow::plan
