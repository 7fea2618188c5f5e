#include "kernels/selectors/magnitude.h"

#include "kernels/selectors/pruning_params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table =
      WithRunParams({{.name = "dense_fraction",
                      .default_value = 0.7,
                      .min = 0,
                      .max = 1,
                      .min_exclusive = true,
                      .doc = "Share of the dense phase; the cut comes at its end."}});
  return table;
}

// One cut: the whole sparsification happens in the last step of the dense share.
std::unique_ptr<Selector> Make(const ParamValues& params) {
  PruningSettings settings;
  const double dense = GetDouble(params, "dense_fraction");
  settings.shares = {{"dense", PruneKind::kSparsify, dense},
                     {"sparse", PruneKind::kSparse, 1.0 - dense}};
  settings.curve = [](double t) { return t < 1.0 ? 0.0 : 1.0; };
  settings.mask_updates = 1;
  return MakePruningRun(std::move(settings));
}

}  // namespace

Row MagnitudeRow() {
  return {.name = "magnitude",
          .version = 1,
          .summary = "Train dense, keep the largest norms once, fine-tune.",
          .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
          .trains_the_model = true,
          .params = Params(),
          .selection_steps = StepsOfRun,
          .make = Make};
}

}  // namespace winnow::selectors
