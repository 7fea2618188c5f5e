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

TrainingConfig StageTraining(const JobContext& context, const JobState& state, const Stage& stage);

// Shape of the model whose weights are the result. REQUIRES: the selection is done.
plan::ModelShape FinalShape(const JobContext& context, const JobState& state);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STAGE_MODEL_H_
