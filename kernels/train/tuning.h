// Several selections that differ in one parameter, compared by the validation loss of their
// retrained picks: the values of sequential_attention.tune_weight_decay. A trial's picks are those
// of a job that names the value.
#ifndef WINNOW_KERNELS_TRAIN_TUNING_H_
#define WINNOW_KERNELS_TRAIN_TUNING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/base/selection.h"
#include "kernels/plan/plan.h"
#include "kernels/selectors/params.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_state.h"

namespace winnow::train {

// Parameters of the selector in trial `trial`; -1: those of the plan.
selectors::ParamValues TrialParams(const plan::Plan& plan, int32_t trial);

// "decay_10". REQUIRES: trial >= 0.
std::string TrialLabel(const plan::Plan& plan, int32_t trial);

// Index of the trial of least loss; the first, which has the smallest value, of equal ones. One
// without a loss loses. REQUIRES: a trial.
int32_t BestTrial(const JobState& state);

// What was tried; none where nothing is tuned.
std::optional<Tuning> TuningOf(const plan::Plan& plan, const JobState& state);

// Phases of a trial get its label at their end; its picks and prunings are not told: which of them
// count is known at the end only.
class TrialEvents final : public EventSink {
 public:
  TrialEvents(std::string label, EventSink& events) : label_(std::move(label)), events_(events) {}
  void Emit(EventBody body) override;

 private:
  const std::string label_;
  EventSink& events_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_TUNING_H_
