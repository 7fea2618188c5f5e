// Parameters that selection runs of their own have in common.
#ifndef WINNOW_KERNELS_SELECTORS_OWN_RUN_PARAMS_H_
#define WINNOW_KERNELS_SELECTORS_OWN_RUN_PARAMS_H_

#include <cstdint>
#include <vector>

#include "kernels/selectors/params.h"

namespace winnow::selectors {

ParamSpec OwnLearningRateParam();
ParamSpec OwnBatchSizeParam();

// Networks under one mask, whose mean gradient it follows (kernels/train/ensemble.h).
ParamSpec EnsembleParam();
// Of a selection with these parameters: 1 where the selector has no such parameter.
int64_t EnsembleSize(const ParamValues& params);

// steps, steps_per_pick, learning_rate: of runs that pick at the end of phases.
std::vector<ParamSpec> PhaseStepParams();
// Row::selection_steps of a table with them; `warmup` where the table has it.
int64_t StepsOfPhases(const ParamValues& params, int64_t max_picks);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_OWN_RUN_PARAMS_H_
