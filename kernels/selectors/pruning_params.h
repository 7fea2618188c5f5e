// Parameters that several pruning selectors share, and what they set.
#ifndef WINNOW_KERNELS_SELECTORS_PRUNING_PARAMS_H_
#define WINNOW_KERNELS_SELECTORS_PRUNING_PARAMS_H_

#include <cstdint>
#include <vector>

#include "kernels/selectors/params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {

// steps, batch_size, learning_rate and weight_decay of the run in front of `table`.
std::vector<ParamSpec> WithRunParams(std::vector<ParamSpec> table);
// Row::selection_steps of a table with them.
int64_t StepsOfRun(const ParamValues& params, int64_t max_picks);

// `table` with the parameters of gates in front and those of the score behind.
std::vector<ParamSpec> WithGateParams(std::vector<ParamSpec> table);
// Settings with gates, from resolved parameters of WithGateParams.
PruningSettings GateSettings(const ParamValues& params);

// dense_fraction, prune_fraction, mask_updates.
std::vector<ParamSpec> GradualParams();
// Row::check of a table with them: the shares leave nothing negative.
std::vector<ParamViolation> CheckGradualShares(const ParamValues& params);
// Dense, cubic pruning, sparse.
void AddGradualPlan(const ParamValues& params, PruningSettings& settings);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_PRUNING_PARAMS_H_
