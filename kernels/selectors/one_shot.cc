#include "kernels/selectors/one_shot.h"

#include <algorithm>

#include "kernels/base/status.h"
#include "kernels/selectors/own_run_params.h"

namespace winnow::selectors {
namespace {

constexpr int64_t kStepsPerPick = 40, kLeastSteps = 500;

}  // namespace

absl::Status OneShot::Begin(const Problem& problem) {
  problem_ = problem;
  chosen_.emplace(*problem.candidates, problem.budget);
  RETURN_IF_ERROR(chosen_->AddMustKeep());
  mask_.assign(static_cast<size_t>(problem.candidates->size()), 1.0f);
  scores_.assign(mask_.size(), 0.0f);
  return Start();
}

void OneShot::KeepMustKeep() {
  for (const Pick& pick : chosen_->picks()) mask_[pick.candidate] = 1.0f;
}

absl::Status OneShot::Choose(ModelProbe& probe, StepOutcome& outcome) {
  RETURN_IF_ERROR(Score(probe, scores_));
  const int64_t most = std::max<int64_t>(0, problem_.max_picks - chosen_->size());
  outcome.picks = scores_are_gains() ? chosen_->FillByGain(scores_, 0, most)
                                     : chosen_->FillByScore(scores_, 0, most);
  std::fill(mask_.begin(), mask_.end(), 0.0f);
  KeepMustKeep();
  outcome.mask_changed = true;
  outcome.done = true;
  return absl::OkStatus();
}

absl::Status OneShot::Finish(ModelProbe& probe) {
  StepOutcome outcome;
  return Choose(probe, outcome);
}

void OneShot::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutArray(prefix + "/mask", std::span<const float>(mask_));
  checkpoint.PutArray(prefix + "/scores", std::span<const float>(scores_));
  chosen_->Save(prefix, checkpoint);
  SaveMore(prefix, checkpoint);
}

absl::Status OneShot::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/mask", std::span<float>(mask_)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/scores", std::span<float>(scores_)));
  RETURN_IF_ERROR(chosen_->Load(prefix, checkpoint));
  return LoadMore(prefix, checkpoint);
}

std::vector<ParamSpec> WithOwnRunParams(std::vector<ParamSpec> table) {
  std::vector<ParamSpec> all = {
      {.name = "steps",
       .type = ParamType::kInt,
       .min = 1,
       .max = 1e9,
       .doc = "Steps of the selection run; absent: 40 per candidate of the budget, at least 500."},
      OwnLearningRateParam(),
      OwnBatchSizeParam()};
  all.insert(all.end(), table.begin(), table.end());
  return all;
}

int64_t StepsOfOwnRun(const ParamValues& params, int64_t max_picks) {
  if (params.count("steps") != 0) return GetInt(params, "steps");
  return std::max(kLeastSteps, kStepsPerPick * max_picks);
}

}  // namespace winnow::selectors
