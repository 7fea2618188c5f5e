// Parameters that several pruning selectors share, and what they set.
#ifndef WINNOW_KERNELS_SELECTORS_GATED_PARAMS_H_
#define WINNOW_KERNELS_SELECTORS_GATED_PARAMS_H_

#include <vector>

#include "kernels/selectors/params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {

// `table` with the parameters of gates in front and those of the score behind.
std::vector<ParamSpec> WithGateParams(std::vector<ParamSpec> table);
// Settings with gates, from resolved parameters of WithGateParams.
PruningSettings GateSettings(const ParamValues& params);

// dense_fraction, prune_fraction, mask_updates.
std::vector<ParamSpec> GradualParams();
// Dense, cubic pruning, sparse.
void AddGradualPlan(const ParamValues& params, PruningSettings& settings);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GATED_PARAMS_H_
