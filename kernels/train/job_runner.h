// Runs the stages of a job, one after the other, from wherever the state stands.
//
// What the three requests do, looked at before every step (StopToken):
//   cancel  returns at once
//   yield   writes a checkpoint of the stage at hand and returns
//   stop    from the event on that nobody has seen yet: a checkpoint, so that a crash cannot move
//           the point; then the selection ends with its picks filled up, the retrain runs to its
//           end, controls, curve and repeats that are not complete are left out: those that go on
//           side by side are complete together. Of several trials the first is the selection that
//           ends so; others count where they were complete
#ifndef WINNOW_KERNELS_TRAIN_JOB_RUNNER_H_
#define WINNOW_KERNELS_TRAIN_JOB_RUNNER_H_

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/train/activity.h"
#include "kernels/train/checkpoint_keeper.h"
#include "kernels/train/compact_columns.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/reporter.h"
#include "kernels/train/run_job.h"
#include "kernels/train/stage_clock.h"
#include "kernels/train/stage_results.h"
#include "kernels/train/stages.h"

namespace winnow::train {

// OWNERSHIP: all references outlive the runner. THREAD-SAFETY: none.
class JobRunner {
 public:
  JobRunner(const JobContext& context, const JobOptions& options, const std::string& dataset_dir,
            JobState& state, JobReporter& reporter, JobObserver& observer);

  // `resume`: the checkpoint that `state` was loaded from, or null for a new job.
  absl::StatusOr<JobOutcome::Kind> Run(const Checkpoint* resume);

 private:
  enum class StageEnd { kDone, kAbandoned, kYielded, kCancelled };

  using Stages = std::vector<const Stage*>;

  // The stages from state_.stage on that are trained together.
  std::span<const Stage> PresentGroup() const;
  bool IsSkipped(const Stage& stage) const;
  // Has nothing to train: the choice among trials, a point of the curve that IsRetrain.
  bool IsAtOnce(const Stage& stage) const;
  absl::Status FinishAtOnce(const Stage& stage);
  // A point of the curve at the size of the selection: the retrain is that model.
  bool IsRetrain(const Stage& stage) const;

  // `live`: one stage, or those of a group; those that a stop leaves out are taken from it.
  absl::StatusOr<StageEnd> RunStages(Stages& live, const Checkpoint* resume);
  plan::ModelShape ShapeOf(const Stage& stage) const;
  // Copies the columns that the stages read, where that pays and the last copy has them not.
  absl::Status ChooseColumns(const Stages& live);
  // OWNERSHIP: `context` outlives the activity.
  absl::StatusOr<std::unique_ptr<Activity>> MakeActivity(const Stages& live,
                                                         const JobContext& context);
  void Begin(const Stages& live, Activity& activity);
  absl::StatusOr<StageEnd> Drive(Stages& live, Activity& activity);
  // What is asked of the job: how the stages end, or none to go on.
  absl::StatusOr<std::optional<StageEnd>> Heed(Stages& live, Activity& activity);
  absl::StatusOr<StageEnd> Finish(Stages& live, Activity& activity);
  absl::Status FinishOne(const Stage& stage, Activity& activity);

  // A checkpoint within the stages.
  absl::Status Save(const Stages& live, Activity& activity);
  // `activity` null: between stages, and `phase` the one that has ended.
  absl::Status WriteCheckpoint(const Activity* activity, const std::string& phase);
  void CountTime(const Stages& live, Activity& activity);
  void SetPace(const Stages& live, Activity& activity);
  void Warn();

  const JobContext& context_;
  const JobOptions& options_;
  const std::string dictionaries_path_;
  JobState& state_;
  JobReporter& reporter_;
  JobObserver& observer_;
  CheckpointKeeper keeper_;
  std::vector<Stage> stages_;
  std::unique_ptr<CompactColumns> compact_;
  StageClock clock_;
  StageResults results_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_JOB_RUNNER_H_
