#include "kernels/selectors/sequential_attention_pp.h"

#include "kernels/selectors/gated_params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithGateParams({
      {.name = "cycles",
       .type = ParamType::kInt,
       .default_value = int64_t{6},
       .min = 0,
       .max = 100,
       .doc = "Cycles of sparsification, sparse and dense phases."},
      {.name = "dense_fraction",
       .default_value = 0.1,
       .min = 0,
       .max = 1,
       .max_exclusive = true,
       .doc = "Share of the first dense phase."},
      {.name = "last_sparsification_fraction",
       .default_value = 0.15,
       .min = 0,
       .max = 1,
       .min_exclusive = true,
       .doc = "Share of the last sparsification."},
      {.name = "sparse_fraction",
       .default_value = 0.15,
       .min = 0,
       .max = 1,
       .max_exclusive = true,
       .doc = "Share of the last sparse phase."},
      {.name = "curve_constant",
       .default_value = 4.0,
       .min = 0,
       .min_exclusive = true,
       .doc = "Constant c of the sparsification curve."},
      {.name = "reset_optimizer",
       .type = ParamType::kBool,
       .default_value = false,
       .doc = "Clear all moments at each phase change."},
  });
  return table;
}

std::unique_ptr<Selector> Make(const ParamValues& params) {
  PruningSettings settings = GateSettings(params);
  const int64_t cycles = GetInt(params, "cycles");
  const double dense = GetDouble(params, "dense_fraction");
  const double last = GetDouble(params, "last_sparsification_fraction");
  const double sparse = GetDouble(params, "sparse_fraction");
  const double third = cycles > 0 ? (1.0 - dense - last - sparse) / (3.0 * cycles) : 0.0;
  settings.shares.push_back({"dense", PruneKind::kDense, dense});
  for (int64_t c = 0; c < cycles; ++c) {
    settings.shares.push_back({"sparsification", PruneKind::kSparsify, third});
    settings.shares.push_back({"sparse", PruneKind::kSparse, third});
    settings.shares.push_back({"dense", PruneKind::kDense, third});
  }
  settings.shares.push_back({"sparsification", PruneKind::kSparsify, last});
  settings.shares.push_back({"sparse", PruneKind::kSparse, sparse});
  const double c = GetDouble(params, "curve_constant");
  settings.curve = [c](double t) { return ExponentialCurve(t, c); };
  settings.mask_updates = 1 << 30;  // every step
  settings.reset_optimizer = GetBool(params, "reset_optimizer");
  return MakePruningRun(std::move(settings));
}

}  // namespace

Row SequentialAttentionPpRow() {
  return {
      .name = "sequential_attention_pp",
      .version = 1,
      .summary =
          "Softmax gates over all candidates, cycles of dense, sparsification and sparse phases.",
      .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
      .trains_the_model = true,
      .params = Params(),
      .make = Make};
}

}  // namespace winnow::selectors
