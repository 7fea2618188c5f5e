#include "kernels/selectors/gated_params.h"

#include <algorithm>

namespace winnow::selectors {

std::vector<ParamSpec> WithGateParams(std::vector<ParamSpec> table) {
  std::vector<ParamSpec> all = {
      {.name = "logit_learning_rate",
       .default_value = 0.06,
       .min = 0,
       .min_exclusive = true,
       .doc = "Peak learning rate of the logits, absolute; it falls in proportion to training's."},
      {.name = "logit_weight_decay",
       .default_value = 0.0,
       .min = 0,
       .doc = "Decoupled weight decay of the logits."},
      {.name = "clip",
       .type = ParamType::kBool,
       .default_value = true,
       .doc = "Keep gates within [density, 1 / density], zero gradient outside."}};
  all.insert(all.end(), table.begin(), table.end());
  all.push_back(ScoreParam());
  all.push_back(CostExponentParam());
  return all;
}

PruningSettings GateSettings(const ParamValues& params) {
  PruningSettings settings;
  settings.gates = true;
  settings.clip = GetBool(params, "clip");
  settings.logit_learning_rate = GetDouble(params, "logit_learning_rate");
  settings.logit_weight_decay = GetDouble(params, "logit_weight_decay");
  settings.gate_score.emplace(params);
  return settings;
}

std::vector<ParamSpec> GradualParams() {
  return {{.name = "dense_fraction",
           .default_value = 0.1,
           .min = 0,
           .max = 1,
           .max_exclusive = true,
           .doc = "Share of the dense phase."},
          {.name = "prune_fraction",
           .default_value = 0.6,
           .min = 0,
           .max = 1,
           .min_exclusive = true,
           .doc = "Share of the pruning phase; dense + prune <= 1."},
          {.name = "mask_updates",
           .type = ParamType::kInt,
           .default_value = int64_t{200},
           .min = 1,
           .max = 1e4,
           .doc = "The mask moves every steps / mask_updates steps."}};
}

void AddGradualPlan(const ParamValues& params, PruningSettings& settings) {
  const double dense = GetDouble(params, "dense_fraction");
  const double prune = std::min(GetDouble(params, "prune_fraction"), 1.0 - dense);
  settings.shares = {{"dense", PruneKind::kDense, dense},
                     {"pruning", PruneKind::kSparsify, prune},
                     {"sparse", PruneKind::kSparse, 1.0 - dense - prune}};
  settings.curve = CubicCurve;
  settings.mask_updates = GetInt(params, "mask_updates");
}

}  // namespace winnow::selectors
