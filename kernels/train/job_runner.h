// Runs the stages of a job, one after the other, from wherever the state stands.
//
// What the three requests do, looked at before every step (StopToken):
//   cancel  returns at once
//   yield   writes a checkpoint of the stage at hand and returns
//   stop    from the event on that nobody has seen yet: a checkpoint, so that a crash cannot move
//           the point; then the selection ends with its picks filled up, the retrain runs to its
//           end, controls, curve and repeats that are not complete are left out
#ifndef WINNOW_KERNELS_TRAIN_JOB_RUNNER_H_
#define WINNOW_KERNELS_TRAIN_JOB_RUNNER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/train/activity.h"
#include "kernels/train/checkpoint_keeper.h"
#include "kernels/train/compact_columns.h"
#include "kernels/train/evaluate.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/reporter.h"
#include "kernels/train/run_job.h"
#include "kernels/train/selection_run.h"
#include "kernels/train/stages.h"
#include "kernels/train/training_run.h"

namespace winnow::train {

// OWNERSHIP: all references outlive the runner. THREAD-SAFETY: none.
class JobRunner {
 public:
  JobRunner(const JobContext& context, const JobOptions& options, JobState& state,
            JobReporter& reporter, JobObserver& observer);

  // `resume`: the checkpoint that `state` was loaded from, or null for a new job.
  absl::StatusOr<JobOutcome::Kind> Run(const Checkpoint* resume);

 private:
  enum class StageEnd { kDone, kAbandoned, kYielded, kCancelled };

  absl::StatusOr<StageEnd> RunStage(const Stage& stage, const Checkpoint* resume);
  absl::StatusOr<StageEnd> Drive(const Stage& stage, Activity& activity);
  // OWNERSHIP: `context` outlives the activity.
  absl::StatusOr<std::unique_ptr<Activity>> MakeActivity(const Stage& stage,
                                                         const JobContext& context);
  void Begin(const Stage& stage, Activity& activity);
  // Copies the columns that a stage trains on, where that pays and the last copy has them not.
  absl::Status ChooseColumns(const Stage& stage);

  // What a stage leaves behind, by kind.
  absl::Status Finish(const Stage& stage, Activity& activity);
  absl::Status FinishSelect(const Stage& stage, SelectionRun& run);
  absl::Status FinishRepeat(const Stage& stage, std::vector<Pick> picks);
  absl::Status FinishTraining(const Stage& stage, const TrainingRun& run);

  // Measures a model and keeps the result under `name`.
  absl::Status Measure(const std::string& name, const MaskedModel& model);
  void ReportResult(const std::string& name, const std::string& what, int64_t k);

  bool IsSkipped(const Stage& stage) const;
  // A point of the curve at the size of the selection: the retrain is that model.
  bool IsRetrain(const Stage& stage) const;
  absl::Status WriteCheckpoint(const Activity* activity);
  void Warn();
  void WarnOfSelection();
  // Adds the time since the last call to the stage's account.
  void CountTime(double& account);
  double& AccountOf(const Stage& stage);

  const JobContext& context_;
  const JobOptions& options_;
  JobState& state_;
  JobReporter& reporter_;
  JobObserver& observer_;
  CheckpointKeeper keeper_;
  std::vector<Stage> stages_;
  std::unique_ptr<CompactColumns> compact_;
  std::chrono::steady_clock::time_point clock_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_JOB_RUNNER_H_
