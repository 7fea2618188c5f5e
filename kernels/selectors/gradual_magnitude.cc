#include "kernels/selectors/gradual_magnitude.h"

#include "kernels/selectors/pruning_params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithRunParams(GradualParams());
  return table;
}

std::unique_ptr<Selector> Make(const ParamValues& params) {
  PruningSettings settings;
  AddGradualPlan(params, settings);
  return MakePruningRun(std::move(settings));
}

}  // namespace

Row GradualMagnitudeRow() {
  return {.name = "gradual_magnitude",
          .version = 1,
          .summary = "Gradual pruning on a cubic schedule by norm, without gates.",
          .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
          .trains_the_model = true,
          .params = Params(),
          .selection_steps = StepsOfRun,
          .check = CheckGradualShares,
          .make = Make};
}

}  // namespace winnow::selectors
