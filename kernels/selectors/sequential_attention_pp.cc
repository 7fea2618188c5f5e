#include "kernels/selectors/sequential_attention_pp.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "kernels/selectors/pruning_params.h"
#include "kernels/selectors/pruning_run.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithRunParams(WithGateParams({
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
  }));
  return table;
}

// Share of all cycles together.
double CyclesShare(const ParamValues& params) {
  return 1.0 - GetDouble(params, "dense_fraction") -
         GetDouble(params, "last_sparsification_fraction") - GetDouble(params, "sparse_fraction");
}

std::vector<ParamViolation> Check(const ParamValues& params) {
  constexpr double kRounding = 1e-9;  // of shares that were written as decimals
  const double cycles_share = CyclesShare(params);
  if (cycles_share < -kRounding) {
    return {{"last_sparsification_fraction",
             absl::StrCat("dense_fraction, last_sparsification_fraction and sparse_fraction must "
                          "sum to at most 1, got ",
                          1.0 - cycles_share)}};
  }
  return {};
}

std::unique_ptr<Selector> Make(const ParamValues& params) {
  PruningSettings settings = GateSettings(params);
  const int64_t cycles = GetInt(params, "cycles");
  const double cycles_share = std::max(0.0, CyclesShare(params));
  const double third = cycles > 0 ? cycles_share / (3.0 * static_cast<double>(cycles)) : 0.0;
  // Without cycles their share belongs to the one sparsification.
  const double last =
      GetDouble(params, "last_sparsification_fraction") + (cycles > 0 ? 0.0 : cycles_share);
  settings.shares.push_back({"dense", PruneKind::kDense, GetDouble(params, "dense_fraction")});
  for (int64_t c = 0; c < cycles; ++c) {
    settings.shares.push_back({"sparsification", PruneKind::kSparsify, third});
    settings.shares.push_back({"sparse", PruneKind::kSparse, third});
    settings.shares.push_back({"dense", PruneKind::kDense, third});
  }
  settings.shares.push_back({"sparsification", PruneKind::kSparsify, last});
  settings.shares.push_back({"sparse", PruneKind::kSparse, GetDouble(params, "sparse_fraction")});
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
      .selection_steps = StepsOfRun,
      .check = Check,
      .make = Make};
}

}  // namespace winnow::selectors
