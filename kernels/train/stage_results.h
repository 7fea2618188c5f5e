// What a stage leaves behind in the job's state, and the events that tell of it.
#ifndef WINNOW_KERNELS_TRAIN_STAGE_RESULTS_H_
#define WINNOW_KERNELS_TRAIN_STAGE_RESULTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "kernels/train/evaluate.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/reporter.h"
#include "kernels/train/selection_run.h"
#include "kernels/train/stage_clock.h"
#include "kernels/train/stages.h"
#include "kernels/train/training_run.h"
#include "kernels/train/trial_run.h"

namespace winnow::train {

// CANCELLED when the job is to end now. OWNERSHIP: all references outlive this. THREAD-SAFETY:
// none.
class StageResults {
 public:
  StageResults(const JobContext& context, JobState& state, JobReporter& reporter, StageClock& clock)
      : context_(context), state_(state), reporter_(reporter), clock_(clock) {}

  absl::Status Finish(SelectionRun& run);
  absl::Status Finish(const Stage& stage, const TrainingRun& run);
  // Of a trial that is over, or is to be over now.
  absl::Status Finish(const Stage& stage, TrialRun& run);
  // Ends a selection that was tried with several values: tells the picks of the best, and what its
  // retrain measured where that is the result's.
  void Choose(const Stage& stage);
  // Ends the search for the smallest size within the tolerance: leaves that many picks.
  // FAILED_PRECONDITION, which says by how much, when there is none.
  absl::Status CutToTolerance();
  // Of a point of the curve whose model is the retrained one.
  void FinishAsRetrain(const Stage& stage);

  // Is this training, trial or repeat finished, by this attempt or an earlier one?
  bool IsFinished(const Stage& stage) const {
    if (stage.repeat > 0) return stage.repeat <= static_cast<int64_t>(state_.repeats.size());
    if (stage.trial >= 0) return stage.trial < static_cast<int64_t>(state_.trials.size());
    if (stage.kind == Stage::Kind::kSize) return IsTried(stage);
    return IsTraining(stage) && state_.results.count(stage.name) != 0;
  }

  // Did a trial make the retrain of the result?
  bool IsRetrained() const {
    return TrialsRetrain(*context_.plan) && state_.results.count("retrain") != 0;
  }

 private:
  // Of the best trial so far.
  absl::Status Keep(const TrialRun& run);
  bool IsTried(const Stage& stage) const;
  absl::Status FinishSize(const Stage& stage, const MaskedModel& model);
  // Measures a model and keeps the result under `name`.
  absl::Status Measure(const std::string& name, const MaskedModel& model);
  void Report(const std::string& name, const std::string& what, int64_t k);
  void WarnOfSelection();

  const JobContext& context_;
  JobState& state_;
  JobReporter& reporter_;
  StageClock& clock_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STAGE_RESULTS_H_
