#include "kernels/selectors/gated_gradual.h"

#include "kernels/selectors/pruning_params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithRunParams(WithGateParams(GradualParams()));
  return table;
}

std::unique_ptr<Selector> Make(const ParamValues& params) {
  PruningSettings settings = GateSettings(params);
  AddGradualPlan(params, settings);
  return MakePruningRun(std::move(settings));
}

}  // namespace

Row GatedGradualRow() {
  return {.name = "gated_gradual",
          .version = 1,
          .summary = "Softmax gates with one gradual pruning phase; the score is the gate.",
          .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
          .trains_the_model = true,
          .params = Params(),
          .selection_steps = StepsOfRun,
          .check = CheckGradualShares,
          .make = Make};
}

}  // namespace winnow::selectors
