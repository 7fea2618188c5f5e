// From what a job has learnt to its result.
#ifndef WINNOW_KERNELS_TRAIN_RESULT_H_
#define WINNOW_KERNELS_TRAIN_RESULT_H_

#include <string>
#include <vector>

#include "kernels/base/selection.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/stages.h"

namespace winnow::train {

// Metrics of one model, or the mean over the draws `prefix`0, `prefix`1, ... when `prefix` ends in
// '/'. Empty when no such model was measured.
SplitMetrics MetricsOf(const JobContext& context, const JobState& state, const std::string& name);

// Draws of a control that were completed.
int64_t CountDraws(const JobState& state, const std::string& prefix);

// REQUIRES: the stages up to the retrain are done.
Selection MakeSelection(const JobContext& context, const JobState& state);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_RESULT_H_
