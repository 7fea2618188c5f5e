// Which model a stage trains.
#ifndef WINNOW_KERNELS_TRAIN_STAGE_MODEL_H_
#define WINNOW_KERNELS_TRAIN_STAGE_MODEL_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/plan/plan.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/stages.h"
#include "kernels/train/training_run.h"

namespace winnow::train {

// The bounds of a control's subset: those of the plan; with a quality_tolerance no more candidates,
// of chunks no more bytes, than the picks that are left. REQUIRES: the selection is done.
Budget SpentBudget(const JobContext& context, const JobState& state);

// Candidates of the model that a stage trains; none: all of them, without a mask. REQUIRES: the
// stages before it are done; `stage` trains a model as planned, not a selection.
std::optional<std::vector<int32_t>> StageSubset(const JobContext& context, const JobState& state,
                                                const Stage& stage);

// Probability with which the training of the capacity-matched model drops a hidden unit: that of
// the plan, and at least .3 where every input is numeric and there are 5,000 training rows. Many
// hidden units over few inputs overfit: MNIST, 50 pixels, 861 units, validation accuracy with 0,
// .2, .3, .5: .9689, .9747, .9751, .9745 (test .9663, .9738, .9738, .9730). With embeddings it
// costs (UCI Adult, 6 fields, AUC .9072 with 0, .9055 with .2), and in the few steps of a small
// table too (mice, 756 rows, 10 columns: .9699 with 0, .9583 with .3).
double CapacityDropout(const plan::Plan& plan);

TrainingConfig StageTraining(const JobContext& context, const JobState& state, const Stage& stage);

// Shape of the model whose weights are the result. REQUIRES: the selection is done.
plan::ModelShape FinalShape(const JobContext& context, const JobState& state);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STAGE_MODEL_H_
