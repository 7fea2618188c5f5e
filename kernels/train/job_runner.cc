#include "kernels/train/job_runner.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/base/large_table.h"
#include "kernels/base/status.h"
#include "kernels/base/stopwatch.h"
#include "kernels/train/backward_prune.h"
#include "kernels/train/repeat_run.h"
#include "kernels/train/row_layout.h"
#include "kernels/train/selection_files.h"
#include "kernels/train/selection_run.h"
#include "kernels/train/side_by_side.h"
#include "kernels/train/stage_model.h"
#include "kernels/train/subset.h"
#include "kernels/train/tolerance_search.h"
#include "kernels/train/trial_run.h"
#include "kernels/train/tuning.h"
#include "kernels/train/warm_start.h"

namespace winnow::train {

JobRunner::JobRunner(const JobContext& context, const JobOptions& options,
                     const std::string& dataset_dir, JobState& state, JobReporter& reporter,
                     JobObserver& observer)
    : context_(context),
      options_(options),
      dictionaries_path_(dataset_dir + "/dictionaries.bin"),
      state_(state),
      reporter_(reporter),
      observer_(observer),
      keeper_(options.directory, options.checkpoint_interval_s, options.checkpoint_share),
      stages_(PlanStages(*context.plan)),
      clock_(state.timing),
      results_(context, state, reporter, clock_) {
  reporter_.SetTotal(TotalSize(stages_));
}

absl::StatusOr<JobOutcome::Kind> JobRunner::Run(const Checkpoint* resume) {
  if (resume == nullptr) Warn();
  while (state_.stage < static_cast<int64_t>(stages_.size())) {
    const std::span<const Stage> group = PresentGroup();
    Stages live;
    for (const Stage& stage : group) {
      if (!IsSkipped(stage) && !IsAtOnce(stage)) live.push_back(&stage);
    }
    StageEnd end = StageEnd::kAbandoned;
    if (!live.empty()) {
      ASSIGN_OR_RETURN(end, RunStages(live, resume));
    }
    resume = nullptr;
    if (end == StageEnd::kYielded) return JobOutcome::Kind::kYielded;
    if (end == StageEnd::kCancelled) return JobOutcome::Kind::kCancelled;
    for (const Stage& stage : group) {
      if (IsAtOnce(stage)) RETURN_IF_ERROR(FinishAtOnce(stage));
    }
    state_.stage += static_cast<int64_t>(group.size());
    for (const Stage& stage : group) {
      state_.steps_done += stage.size.steps;
      state_.work_done += stage.size.work;
    }
    if (end == StageEnd::kDone) RETURN_IF_ERROR(WriteCheckpoint(nullptr, live.front()->name));
  }
  return JobOutcome::Kind::kFinished;
}

std::span<const Stage> JobRunner::PresentGroup() const {
  const auto begin = static_cast<size_t>(state_.stage);
  size_t end = begin + 1;
  while (options_.side_by_side && end < stages_.size() &&
         stages_[end].group == stages_[begin].group)
    ++end;
  return std::span(stages_).subspan(begin, end - begin);
}

absl::StatusOr<JobRunner::StageEnd> JobRunner::RunStages(Stages& live, const Checkpoint* resume) {
  JobContext context = context_;
  RETURN_IF_ERROR(ChooseColumns(live));
  context.compact = compact_.get();
  // Repeats select with the value that the trials chose.
  const bool tuned = live.front()->kind == Stage::Kind::kRepeat && !state_.trials.empty();
  if (tuned) context.trial = BestTrial(state_);
  ASSIGN_OR_RETURN(const std::unique_ptr<Activity> activity, MakeActivity(live, context));
  if (resume != nullptr && resume->Has("in_stage")) {
    RETURN_IF_ERROR(activity->Load(*resume));
  } else {
    Begin(live, *activity);
  }
  Stopwatch watch;
  const absl::StatusOr<StageEnd> driven = Drive(live, *activity);
  observer_.OnPartEnded(IsTraining(*live.front()) ? JobPart::kTrain : JobPart::kSelect,
                        watch.Restart());
  ASSIGN_OR_RETURN(const StageEnd end, driven);
  if (end != StageEnd::kDone) return end;
  const absl::StatusOr<StageEnd> finished = Finish(live, *activity);
  observer_.OnPartEnded(JobPart::kEvaluate, watch.Restart());
  return finished;
}

// The columns that `stage` reads.
plan::ModelShape JobRunner::ShapeOf(const Stage& stage) const {
  const plan::Plan& plan = *context_.plan;
  if (IsTraining(stage)) return StageTraining(context_, state_, stage).shape;
  if (stage.kind != Stage::Kind::kPrune) return plan.model;
  std::vector<int32_t> picked;
  for (const Pick& pick : state_.picks) picked.push_back(pick.candidate);
  return SubsetShape(plan.model, plan.candidates, picked);
}

absl::Status JobRunner::ChooseColumns(const Stages& live) {
  const plan::Plan& plan = *context_.plan;
  std::vector<plan::ModelShape> shapes;
  std::vector<const plan::ModelShape*> all;
  int64_t steps = 0;
  for (const Stage* stage : live) {
    shapes.push_back(ShapeOf(*stage));
    steps += stage->size.steps;
  }
  for (const plan::ModelShape& shape : shapes) all.push_back(&shape);
  const plan::ModelShape shape = UnionOfFields(all);
  if (compact_ != nullptr && compact_->ViewOf(shape)) return absl::OkStatus();
  compact_.reset();
  const Stage::Kind kind = live.front()->kind;
  const bool is_selection =
      kind == Stage::Kind::kSelect || kind == Stage::Kind::kRepeat || kind == Stage::Kind::kTrial;
  const int64_t batch = is_selection ? plan.selection_batch : plan.spec.training.batch_size.value();
  if (!CompactColumns::Pays(context_.table->table(), shape, steps * batch)) return absl::OkStatus();
  ASSIGN_OR_RETURN(compact_, CompactColumns::Create(context_, shape));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<JobRunner::StageEnd>> JobRunner::Heed(Stages& live,
                                                                   Activity& activity) {
  const StopRequest request = context_.stop->requested();
  if (request == StopRequest::kCancel) return StageEnd::kCancelled;
  if (request == StopRequest::kStop && !state_.stopped && state_.ordinal >= options_.events_seen) {
    state_.stopped = true;
    RETURN_IF_ERROR(Save(live, activity));
  }
  if (state_.stopped) {
    for (size_t i = live.size(); i-- > 0;) {
      if (!IsEvidence(*live[i])) continue;
      if (live.size() == 1) return StageEnd::kAbandoned;
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(i));
      static_cast<SideBySide&>(activity).Drop(i);
    }
  }
  if (request != StopRequest::kYield) return std::nullopt;
  RETURN_IF_ERROR(Save(live, activity));
  return StageEnd::kYielded;
}

absl::StatusOr<JobRunner::StageEnd> JobRunner::Drive(Stages& live, Activity& activity) {
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<StageEnd> end, Heed(live, activity));
    if (end) return *end;
    if (activity.done() || (state_.stopped && !IsTraining(*live.front()))) break;
    const absl::Status status = activity.Advance();
    if (absl::IsCancelled(status)) return StageEnd::kCancelled;
    RETURN_IF_ERROR(status);
    StageSize size;
    for (const Stage* stage : live) {
      size.steps += stage->size.steps;
      size.work += stage->size.work;
    }
    reporter_.OnStep(activity, size);
    if (keeper_.due()) RETURN_IF_ERROR(Save(live, activity));
  }
  CountTime(live, activity);
  SetPace(live, activity);
  return StageEnd::kDone;
}

void JobRunner::SetPace(const Stages& live, Activity& activity) {
  const Stage& first = *live.front();
  const double seconds = clock_.AccountOf(first);
  const bool is_trial = first.kind == Stage::Kind::kTrial;
  const bool sets_pace =
      first.kind == Stage::Kind::kSelect ||
      ((is_trial || first.kind == Stage::Kind::kRetrain) && state_.timing.samples_per_s == 0);
  if (!sets_pace || seconds <= 0) return;
  auto* together = dynamic_cast<SideBySide*>(&activity);
  const int64_t samples =
      (together != nullptr && !is_trial ? together->member(0) : activity).samples_done();
  state_.timing.samples_per_s = static_cast<double>(samples) / seconds;
}

absl::StatusOr<std::unique_ptr<Activity>> JobRunner::MakeActivity(const Stages& live,
                                                                  const JobContext& context) {
  const Stage& stage = *live.front();
  if (stage.kind == Stage::Kind::kSelect) {
    ASSIGN_OR_RETURN(const SelectionConfig config, PlannedSelection(context));
    return SelectionRun::Create(context, config, reporter_);
  }
  if (stage.kind == Stage::Kind::kPrune) {
    return BackwardPrune::Create(context, state_.picks, reporter_);
  }
  if (stage.kind == Stage::Kind::kRepeat) {
    std::vector<int32_t> repeats;
    for (const Stage* each : live) repeats.push_back(each->repeat);
    return SideBySide::OfRepeats(context, repeats, reporter_);
  }
  if (stage.kind == Stage::Kind::kTrial) {
    std::vector<int32_t> trials;
    for (const Stage* each : live) trials.push_back(each->trial);
    return SideBySide::OfTrials(context, {dictionaries_path_, options_.directory}, trials,
                                reporter_);
  }
  if (live.size() == 1) return TrainingRun::Create(context, StageTraining(context_, state_, stage));
  std::vector<TrainingConfig> trainings;
  for (const Stage* each : live) trainings.push_back(StageTraining(context_, state_, *each));
  return SideBySide::OfTrainings(context, std::move(trainings), reporter_);
}

void JobRunner::Begin(const Stages& live, Activity& activity) {
  activity.Start();
  for (const Stage* stage : live) {
    if (!IsTraining(*stage) && stage->kind != Stage::Kind::kPrune) continue;
    const bool trains = IsTraining(*stage);
    reporter_.Emit(PhaseStarted{
        .name = stage->name, .steps = trains ? context_.plan->training_steps : stage->size.steps});
  }
}

absl::StatusOr<JobRunner::StageEnd> JobRunner::Finish(Stages& live, Activity& activity) {
  auto* together = dynamic_cast<SideBySide*>(&activity);
  for (size_t i = 0; i < live.size(); ++i) {
    if (results_.IsFinished(*live[i])) continue;
    const absl::Status status =
        FinishOne(*live[i], together != nullptr ? together->member(i) : activity);
    if (absl::IsCancelled(status)) return StageEnd::kCancelled;
    RETURN_IF_ERROR(status);
    if (together == nullptr || i + 1 == live.size()) continue;
    if (keeper_.due()) RETURN_IF_ERROR(Save(live, activity));
    const size_t before = live.size();
    ASSIGN_OR_RETURN(const std::optional<StageEnd> end, Heed(live, activity));
    if (end) return *end;
    if (live.size() != before) i = static_cast<size_t>(-1);  // what is finished is passed over
  }
  return StageEnd::kDone;
}

absl::Status JobRunner::FinishOne(const Stage& stage, Activity& activity) {
  switch (stage.kind) {
    case Stage::Kind::kSelect: {
      auto& run = static_cast<SelectionRun&>(activity);
      RETURN_IF_ERROR(results_.Finish(run));
      if (run.steps_done() == 0) return absl::OkStatus();
      return WriteSelectionModel(context_, *run.model().network, run.final_logits(), state_.picks,
                                 dictionaries_path_, options_.directory);
    }
    case Stage::Kind::kPrune: {
      auto& prune = static_cast<BackwardPrune&>(activity);
      prune.FinishEarly();
      state_.picks = prune.picks();
      return absl::OkStatus();
    }
    case Stage::Kind::kTrial:
      return results_.Finish(stage, static_cast<TrialRun&>(activity));
    case Stage::Kind::kRepeat:
      state_.repeats.push_back(static_cast<const RepeatRun&>(activity).picks());
      // As many as the result has, which a tolerance may have cut.
      if (context_.plan->budget.quality_tolerance) {
        std::vector<Pick>& picks = state_.repeats.back();
        picks.resize(std::min(picks.size(), state_.picks.size()));
      }
      return absl::OkStatus();
    case Stage::Kind::kRetrain:
    case Stage::Kind::kCapacity:
    case Stage::Kind::kControl:
    case Stage::Kind::kCurve:
    case Stage::Kind::kSize:
    case Stage::Kind::kChoose:
    case Stage::Kind::kCut:
      break;
  }
  return results_.Finish(stage, static_cast<const TrainingRun&>(activity));
}

absl::Status JobRunner::Save(const Stages& live, Activity& activity) {
  CountTime(live, activity);
  return WriteCheckpoint(&activity, activity.phase());
}

void JobRunner::CountTime(const Stages& live, Activity& activity) {
  auto* together = dynamic_cast<SideBySide*>(&activity);
  if (together == nullptr) return clock_.Count(clock_.AccountOf(*live.front()));
  clock_.Count(live, together->TakeShares());
}

bool JobRunner::IsSkipped(const Stage& stage) const {
  if (state_.stopped && IsEvidence(stage)) return true;
  if (stage.kind == Stage::Kind::kRetrain && results_.IsRetrained()) return true;
  if (stage.kind == Stage::Kind::kSize) {
    return SizeOf(*context_.plan, state_, stage.round, stage.slot) == 0;
  }
  return stage.kind == Stage::Kind::kCurve && stage.k > static_cast<int64_t>(state_.picks.size());
}

bool JobRunner::IsRetrain(const Stage& stage) const {
  return stage.kind == Stage::Kind::kCurve && !state_.stopped &&
         stage.k == static_cast<int64_t>(state_.picks.size()) &&
         !SelectionTrainsTheResult(*context_.plan);
}

bool JobRunner::IsAtOnce(const Stage& stage) const {
  return stage.kind == Stage::Kind::kChoose || stage.kind == Stage::Kind::kCut || IsRetrain(stage);
}

absl::Status JobRunner::FinishAtOnce(const Stage& stage) {
  if (stage.kind == Stage::Kind::kCut) return results_.CutToTolerance();
  if (stage.kind == Stage::Kind::kChoose) {
    results_.Choose(stage);
    return ChooseTrialModel(options_.directory, BestTrial(state_));
  }
  results_.FinishAsRetrain(stage);
  return absl::OkStatus();
}

absl::Status JobRunner::WriteCheckpoint(const Activity* activity, const std::string& phase) {
  Stopwatch watch;
  Checkpoint checkpoint;
  checkpoint.plan_version = plan::kPlanVersion;
  context_.table->Save("table", &checkpoint);
  ++state_.checkpoints;
  state_.Save(checkpoint);
  if (activity != nullptr) {
    checkpoint.PutValue("in_stage", state_.stage);
    activity->Save(checkpoint);
  }
  const absl::StatusOr<std::string> path = keeper_.Write(state_.checkpoints, checkpoint);
  const double seconds = watch.Restart();
  observer_.OnCheckpointTried(seconds, path.ok());
  RETURN_IF_ERROR(path.status());
  const int64_t steps_in_stage = activity == nullptr ? 0 : activity->steps_done();
  observer_.OnCheckpoint({*path, state_.ordinal, phase, state_.steps_done + steps_in_stage});
  keeper_.CountCost(seconds);
  return absl::OkStatus();
}

void JobRunner::Warn() {
  const DatasetProfile& profile = context_.table->profile();
  for (const std::string& warning : profile.warnings) reporter_.Warn(warning);
  if (const std::string text = plan::NeverAffordable(*context_.plan); !text.empty()) {
    reporter_.Warn(text);
  }
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

}  // namespace winnow::train
