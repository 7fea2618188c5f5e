#include "kernels/train/job_runner.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/base/large_table.h"
#include "kernels/base/status.h"
#include "kernels/train/backward_prune.h"
#include "kernels/train/final_model.h"
#include "kernels/train/magnitude_subset.h"
#include "kernels/train/result.h"
#include "kernels/train/selection_run.h"
#include "kernels/train/stage_model.h"
#include "kernels/train/subset.h"

namespace winnow::train {
namespace {

// Below this the gate logits of blocks have not told the blocks apart: measured, logits of standard
// deviation .08 select like noise, of .15 and more they do not.
constexpr double kLeastLogitStddev = 0.15;

bool SelectsCandidates(const Stage& stage) {
  return stage.kind == Stage::Kind::kSelect || stage.kind == Stage::Kind::kPrune;
}

// Beside the result and its quality: what a stopped job leaves out.
bool IsEvidence(const Stage& stage) {
  return stage.repeat > 0 || stage.kind == Stage::Kind::kCapacity ||
         stage.kind == Stage::Kind::kControl || stage.kind == Stage::Kind::kCurve;
}

}  // namespace

JobRunner::JobRunner(const JobContext& context, const JobOptions& options, JobState& state,
                     JobReporter& reporter, JobObserver& observer)
    : context_(context),
      options_(options),
      state_(state),
      reporter_(reporter),
      observer_(observer),
      keeper_(options.directory, options.checkpoint_interval_s),
      stages_(PlanStages(*context.plan)),
      clock_(std::chrono::steady_clock::now()) {
  reporter_.SetTotal(TotalSize(stages_));
}

absl::StatusOr<JobOutcome::Kind> JobRunner::Run(const Checkpoint* resume) {
  if (resume == nullptr) Warn();
  while (state_.stage < static_cast<int64_t>(stages_.size())) {
    const Stage& stage = stages_[static_cast<size_t>(state_.stage)];
    StageEnd end = StageEnd::kAbandoned;
    if (IsRetrain(stage)) {
      state_.results[stage.name] = state_.results["retrain"];
      ReportResult(stage.name, stage.name, stage.k);
    } else if (!IsSkipped(stage)) {
      ASSIGN_OR_RETURN(end, RunStage(stage, resume));
    }
    resume = nullptr;
    if (end == StageEnd::kYielded) return JobOutcome::Kind::kYielded;
    if (end == StageEnd::kCancelled) return JobOutcome::Kind::kCancelled;
    ++state_.stage;
    state_.steps_done += stage.size.steps;
    state_.work_done += stage.size.work;
    if (end == StageEnd::kDone) RETURN_IF_ERROR(WriteCheckpoint(nullptr));
  }
  return JobOutcome::Kind::kFinished;
}

absl::StatusOr<JobRunner::StageEnd> JobRunner::RunStage(const Stage& stage,
                                                        const Checkpoint* resume) {
  JobContext context = context_;
  context.repeat = stage.repeat;
  RETURN_IF_ERROR(ChooseColumns(stage));
  context.compact = compact_.get();
  ASSIGN_OR_RETURN(const std::unique_ptr<Activity> activity, MakeActivity(stage, context));
  if (resume != nullptr && resume->Has("in_stage")) {
    RETURN_IF_ERROR(activity->Load(*resume));
  } else {
    Begin(stage, *activity);
  }
  ASSIGN_OR_RETURN(StageEnd end, Drive(stage, *activity));
  if (end != StageEnd::kDone) return end;
  const absl::Status status = Finish(stage, *activity);
  if (absl::IsCancelled(status)) return StageEnd::kCancelled;
  RETURN_IF_ERROR(status);
  return StageEnd::kDone;
}

absl::Status JobRunner::ChooseColumns(const Stage& stage) {
  const plan::Plan& plan = *context_.plan;
  plan::ModelShape shape = plan.model;
  if (stage.kind == Stage::Kind::kPrune) {
    std::vector<int32_t> picked;
    const std::vector<Pick>& picks = stage.repeat == 0 ? state_.picks : state_.repeat_picks;
    for (const Pick& pick : picks) picked.push_back(pick.candidate);
    shape = SubsetShape(plan.model, plan.candidates, picked);
  } else if (stage.kind != Stage::Kind::kSelect) {
    shape = StageTraining(context_, state_, stage).shape;
  }
  if (compact_ != nullptr && compact_->ViewOf(shape)) return absl::OkStatus();
  compact_.reset();
  const int64_t batch = stage.kind == Stage::Kind::kSelect ? plan.selection_batch
                                                           : plan.spec.training.batch_size.value();
  const data::PackedTable& table = context_.table->table();
  if (!CompactColumns::Pays(table, shape, stage.size.steps * batch)) return absl::OkStatus();
  ASSIGN_OR_RETURN(compact_, CompactColumns::Create(context_, shape));
  return absl::OkStatus();
}

absl::StatusOr<JobRunner::StageEnd> JobRunner::Drive(const Stage& stage, Activity& activity) {
  const bool is_selection = SelectsCandidates(stage);
  const bool is_evidence = IsEvidence(stage);
  const auto save = [&] {
    CountTime(AccountOf(stage));
    return WriteCheckpoint(&activity);
  };
  while (true) {
    const StopRequest request = context_.stop->requested();
    if (request == StopRequest::kCancel) return StageEnd::kCancelled;
    if (request == StopRequest::kStop && !state_.stopped &&
        state_.ordinal >= options_.events_seen) {
      state_.stopped = true;
      RETURN_IF_ERROR(save());
    }
    if (state_.stopped && is_evidence) return StageEnd::kAbandoned;
    if (request == StopRequest::kYield) {
      RETURN_IF_ERROR(save());
      return StageEnd::kYielded;
    }
    if (activity.done() || (state_.stopped && is_selection)) break;
    const absl::Status status = activity.Advance();
    if (absl::IsCancelled(status)) return StageEnd::kCancelled;
    RETURN_IF_ERROR(status);
    reporter_.OnStep(activity, stage.size);
    if (keeper_.due()) RETURN_IF_ERROR(save());
  }
  CountTime(AccountOf(stage));
  const bool sets_pace = (stage.kind == Stage::Kind::kSelect && stage.repeat == 0) ||
                         (stage.kind == Stage::Kind::kRetrain && state_.timing.samples_per_s == 0);
  if (sets_pace && AccountOf(stage) > 0) {
    state_.timing.samples_per_s = static_cast<double>(activity.samples_done()) / AccountOf(stage);
  }
  return StageEnd::kDone;
}

absl::StatusOr<std::unique_ptr<Activity>> JobRunner::MakeActivity(const Stage& stage,
                                                                  const JobContext& context) {
  switch (stage.kind) {
    case Stage::Kind::kSelect: {
      ASSIGN_OR_RETURN(const SelectionConfig config, PlannedSelection(context));
      return SelectionRun::Create(context, config, reporter_);
    }
    case Stage::Kind::kPrune:
      return BackwardPrune::Create(context, stage.repeat == 0 ? state_.picks : state_.repeat_picks,
                                   reporter_);
    case Stage::Kind::kRetrain:
    case Stage::Kind::kCapacity:
    case Stage::Kind::kControl:
    case Stage::Kind::kCurve:
      break;
  }
  return TrainingRun::Create(context, StageTraining(context_, state_, stage));
}

void JobRunner::Begin(const Stage& stage, Activity& activity) {
  if (stage.kind == Stage::Kind::kSelect) return static_cast<SelectionRun&>(activity).Start();
  reporter_.Emit(
      PhaseStarted{.name = stage.name, .steps = stage.size.steps, .repeat = stage.repeat});
}

absl::Status JobRunner::Finish(const Stage& stage, Activity& activity) {
  if (stage.kind == Stage::Kind::kSelect) {
    return FinishSelect(stage, static_cast<SelectionRun&>(activity));
  }
  if (stage.kind == Stage::Kind::kPrune) {
    auto& prune = static_cast<BackwardPrune&>(activity);
    prune.FinishEarly();
    if (stage.repeat > 0) return FinishRepeat(stage, prune.picks());
    state_.picks = prune.picks();
    return absl::OkStatus();
  }
  return FinishTraining(stage, static_cast<const TrainingRun&>(activity));
}

absl::Status JobRunner::FinishSelect(const Stage& stage, SelectionRun& run) {
  RETURN_IF_ERROR(run.Complete());
  if (stage.repeat > 0) return FinishRepeat(stage, run.picks());
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
  ReportResult("retrain", "retrain", static_cast<int64_t>(state_.picks.size()));
  return absl::OkStatus();
}

// The selection of a repeat is complete after its last stage.
absl::Status JobRunner::FinishRepeat(const Stage& stage, std::vector<Pick> picks) {
  const bool prunes = OverselectedCount(*context_.plan) > context_.plan->max_picks;
  if (stage.kind == Stage::Kind::kSelect && prunes) {
    state_.repeat_picks = std::move(picks);
    return absl::OkStatus();
  }
  state_.repeat_picks.clear();
  state_.repeats.push_back(std::move(picks));
  return absl::OkStatus();
}

absl::Status JobRunner::FinishTraining(const Stage& stage, const TrainingRun& run) {
  const MaskedModel model = run.model();
  RETURN_IF_ERROR(model.network->CheckFinite());
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
    ReportResult(stage.name, stage.name, k);
  } else if (CountDraws(state_, "control/random/") ==
             context_.plan->spec.evaluation.random_draws.value_or(3)) {
    ReportResult("control/random/", "control/random", k);
  }
  return absl::OkStatus();
}

absl::Status JobRunner::Measure(const std::string& name, const MaskedModel& model) {
  CountTime(state_.timing.evaluate_s);
  ASSIGN_OR_RETURN(state_.results[name], Evaluate(context_, model));
  CountTime(state_.timing.evaluate_s);
  return absl::OkStatus();
}

void JobRunner::ReportResult(const std::string& name, const std::string& what, int64_t k) {
  reporter_.Emit(Evaluated{.what = what, .k = k, .metrics = MetricsOf(context_, state_, name)});
}

bool JobRunner::IsSkipped(const Stage& stage) const {
  if (state_.stopped && IsEvidence(stage)) return true;
  return stage.kind == Stage::Kind::kCurve && stage.k > static_cast<int64_t>(state_.picks.size());
}

bool JobRunner::IsRetrain(const Stage& stage) const {
  return stage.kind == Stage::Kind::kCurve && !state_.stopped &&
         stage.k == static_cast<int64_t>(state_.picks.size()) &&
         !SelectionTrainsTheResult(*context_.plan);
}

absl::Status JobRunner::WriteCheckpoint(const Activity* activity) {
  Checkpoint checkpoint;
  checkpoint.plan_version = plan::kPlanVersion;
  context_.table->Save("table", &checkpoint);
  ++state_.checkpoints;
  state_.Save(checkpoint);
  if (activity != nullptr) {
    checkpoint.PutValue("in_stage", state_.stage);
    activity->Save(checkpoint);
  }
  ASSIGN_OR_RETURN(const std::string path, keeper_.Write(state_.checkpoints, checkpoint));
  observer_.OnCheckpoint(path, state_.ordinal);
  return absl::OkStatus();
}

void JobRunner::Warn() {
  const DatasetProfile& profile = context_.table->profile();
  for (const std::string& warning : profile.warnings) reporter_.Warn(warning);
  for (const ColumnProfile& column : profile.columns) {
    if (column.hash_collisions == 0) continue;
    reporter_.Warn(
        absl::StrFormat("column '%s': %d values share a hash bucket with another value; "
                        "more hash_buckets would keep them apart",
                        column.name, column.hash_collisions));
  }
  for (const auto& [part, rows] : {std::pair("validation", &context_.table->validation_rows()),
                                   std::pair("test", &context_.table->test_rows())}) {
    if (static_cast<int64_t>(rows->size()) <= kMeasuredRows) continue;
    reporter_.Warn(absl::StrFormat("metrics of the %s part are of %d evenly spaced rows of its %d",
                                   part, kMeasuredRows, rows->size()));
  }
  if (context_.table->validation_rows().empty()) {
    reporter_.Warn(
        "there are no validation rows: gains are not measured, and training keeps its last epoch "
        "instead of its best");
  }
}

void JobRunner::WarnOfSelection() {
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

void JobRunner::CountTime(double& account) {
  const auto now = std::chrono::steady_clock::now();
  account += std::chrono::duration<double>(now - clock_).count();
  clock_ = now;
}

double& JobRunner::AccountOf(const Stage& stage) {
  if (stage.repeat > 0) return state_.timing.repeats_s;
  switch (stage.kind) {
    case Stage::Kind::kSelect:
    case Stage::Kind::kPrune:
      return state_.timing.select_s;
    case Stage::Kind::kRetrain:
      return state_.timing.retrain_s;
    case Stage::Kind::kCapacity:
    case Stage::Kind::kControl:
      return state_.timing.controls_s;
    case Stage::Kind::kCurve:
      break;
  }
  return state_.timing.curve_s;
}

}  // namespace winnow::train
