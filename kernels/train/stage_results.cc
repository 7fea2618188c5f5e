#include "kernels/train/stage_results.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/base/status.h"
#include "kernels/train/final_model.h"
#include "kernels/train/magnitude_subset.h"
#include "kernels/train/result.h"
#include "kernels/train/stage_model.h"
#include "kernels/train/tolerance_search.h"
#include "kernels/train/tuning.h"

namespace winnow::train {
namespace {

// Below this the gate logits of blocks have not told the blocks apart: measured, logits of standard
// deviation .08 select like noise, of .15 and more they do not.
constexpr double kLeastLogitStddev = 0.15;

}  // namespace

absl::Status StageResults::Finish(SelectionRun& run) {
  RETURN_IF_ERROR(run.Complete());
  state_.picks = run.picks();
  state_.logit_stddev = run.logit_stddev();
  if (state_.picks.empty()) {
    return absl::FailedPreconditionError("nothing was selected: no candidate fits the budget");
  }
  WarnOfSelection();
  if (!SelectionTrainsTheResult(*context_.plan)) return absl::OkStatus();
  if (run.steps_done() == 0) {
    state_.results["retrain"] = Unmeasured(*context_.plan);
  } else {
    RETURN_IF_ERROR(Measure("retrain", run.model()));
  }
  state_.final_model = FinalModel(context_, run.model());
  Report("retrain", "retrain", static_cast<int64_t>(state_.picks.size()));
  return absl::OkStatus();
}

absl::Status StageResults::Finish(const Stage& stage, const TrainingRun& run) {
  const MaskedModel model = run.model();
  RETURN_IF_ERROR(model.network->CheckFinite());
  if (stage.kind == Stage::Kind::kSize) return FinishSize(stage, model);
  if (stage.control == "full" && context_.plan->budget.quality_tolerance) {
    ASSIGN_OR_RETURN(state_.full_loss, ValidationLoss(context_, model));
  }
  if (run.config().steps == 0) {
    state_.results[stage.name] = Unmeasured(*context_.plan);
  } else {
    RETURN_IF_ERROR(Measure(stage.name, model));
  }
  if (stage.kind == Stage::Kind::kRetrain) state_.final_model = FinalModel(context_, model);
  const std::vector<std::string> asked =
      context_.plan->spec.evaluation.controls.value_or(std::vector<std::string>{});
  if (stage.control == "full" &&
      std::find(asked.begin(), asked.end(), "magnitude") != asked.end()) {
    ASSIGN_OR_RETURN(state_.magnitude_subset, MagnitudeSubset(context_, *model.network));
  }
  const std::optional<std::vector<int32_t>> subset = StageSubset(context_, state_, stage);
  const int64_t k =
      subset ? static_cast<int64_t>(subset->size()) : context_.plan->candidates.size();
  if (stage.control != "random") {
    Report(stage.name, stage.name, k);
  } else if (CountDraws(state_, "control/random/") ==
             context_.plan->spec.evaluation.random_draws.value_or(3)) {
    Report("control/random/", "control/random", k);
  }
  return absl::OkStatus();
}

absl::Status StageResults::Finish(const Stage& stage, TrialRun& run) {
  RETURN_IF_ERROR(run.FinishEarly());
  if (run.picks().empty()) {
    return absl::FailedPreconditionError("nothing was selected: no candidate fits the budget");
  }
  Trial trial;
  if (const std::optional<MaskedModel> model = run.model()) {
    RETURN_IF_ERROR(model->network->CheckFinite());
    clock_.Count(state_.timing.select_s);
    ASSIGN_OR_RETURN(trial.validation_loss, ValidationLoss(context_, *model));
    clock_.Count(state_.timing.evaluate_s);
  }
  state_.trials.push_back(trial);
  if (BestTrial(state_) == stage.trial) RETURN_IF_ERROR(Keep(run));
  if (!trial.validation_loss) return absl::OkStatus();
  Evaluated evaluated{.what = "retrain/" + TrialLabel(*context_.plan, stage.trial),
                      .k = static_cast<int64_t>(run.picks().size())};
  evaluated.metrics["validation"]["loss"].value = trial.validation_loss;
  reporter_.Emit(std::move(evaluated));
  return absl::OkStatus();
}

absl::Status StageResults::Keep(const TrialRun& run) {
  state_.picks = run.picks();
  const std::optional<MaskedModel> model = run.model();
  if (!model || !TrialsRetrain(*context_.plan)) return absl::OkStatus();
  RETURN_IF_ERROR(Measure("retrain", *model));
  state_.final_model = FinalModel(context_, *model);
  return absl::OkStatus();
}

void StageResults::Choose(const Stage& stage) {
  reporter_.Emit(PhaseStarted{.name = stage.name});
  for (size_t rank = 0; rank < state_.picks.size(); ++rank) {
    reporter_.Emit(PickEvent(context_.plan->candidates, state_.picks[rank],
                             static_cast<int64_t>(rank) + 1, context_.repeat));
  }
  if (IsRetrained()) Report("retrain", "retrain", static_cast<int64_t>(state_.picks.size()));
}

bool StageResults::IsTried(const Stage& stage) const {
  const int64_t k = SizeOf(*context_.plan, state_, stage.round, stage.slot);
  return std::any_of(state_.sizes.begin(), state_.sizes.end(), [&](const SizeTried& size) {
    return size.round == stage.round && size.k == k;
  });
}

absl::Status StageResults::FinishSize(const Stage& stage, const MaskedModel& model) {
  SizeTried size;
  size.round = stage.round;
  size.k = SizeOf(*context_.plan, state_, stage.round, stage.slot);
  clock_.Count(state_.timing.select_s);
  ASSIGN_OR_RETURN(size.loss, ValidationLoss(context_, model));
  clock_.Count(state_.timing.evaluate_s);
  state_.sizes.push_back(size);
  Evaluated evaluated{.what = absl::StrCat("size/", size.k), .k = size.k};
  evaluated.metrics["validation"]["loss"].value = size.loss;
  reporter_.Emit(std::move(evaluated));
  return absl::OkStatus();
}

absl::Status StageResults::CutToTolerance() {
  const ToleranceOutcome outcome = OutcomeOf(*context_.plan, state_);
  const std::optional<int64_t> k =
      SmallestWithin(outcome.tried, outcome.full_loss + outcome.tolerance);
  if (!k && !state_.stopped) return ToleranceNotMet(*context_.plan, outcome, state_.picks);
  if (!k) {
    reporter_.Warn("the job was stopped before a size within quality_tolerance was found");
    return absl::OkStatus();
  }
  const auto total = static_cast<int64_t>(state_.picks.size());
  state_.picks.resize(static_cast<size_t>(*k));
  reporter_.Emit(Pruned{.sparsity = static_cast<double>(total - *k) / static_cast<double>(total),
                        .alive = *k,
                        .total = total,
                        .step = context_.plan->selection_steps});
  return absl::OkStatus();
}

void StageResults::FinishAsRetrain(const Stage& stage) {
  state_.results[stage.name] = state_.results["retrain"];
  Report(stage.name, stage.name, stage.k);
}

absl::Status StageResults::Measure(const std::string& name, const MaskedModel& model) {
  clock_.Count(state_.timing.evaluate_s);
  ASSIGN_OR_RETURN(state_.results[name], Evaluate(context_, model));
  clock_.Count(state_.timing.evaluate_s);
  return absl::OkStatus();
}

void StageResults::Report(const std::string& name, const std::string& what, int64_t k) {
  reporter_.Emit(Evaluated{.what = what, .k = k, .metrics = MetricsOf(context_, state_, name)});
}

void StageResults::WarnOfSelection() {
  const plan::Plan& plan = *context_.plan;
  const bool has_logits = state_.logit_stddev > 0;
  if (plan.candidates.gate == GateKind::kBlock && has_logits &&
      state_.logit_stddev < kLeastLogitStddev) {
    reporter_.Warn(absl::StrFormat(
        "the gate logits did not move (standard deviation %.3f, at least %.2f is expected): the "
        "selection tells little more than weight magnitude; raise the selector's logit learning "
        "rate or the number of steps",
        state_.logit_stddev, kLeastLogitStddev));
  }
}

}  // namespace winnow::train
