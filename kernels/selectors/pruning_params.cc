#include "kernels/selectors/pruning_params.h"

#include "absl/strings/str_cat.h"

namespace winnow::selectors {
namespace {

// Shares of a whole that were written as decimals may exceed it by rounding.
constexpr double kRounding = 1e-9;

}  // namespace

std::vector<ParamSpec> WithRunParams(std::vector<ParamSpec> table) {
  std::vector<ParamSpec> all = {
      {.name = "steps",
       .type = ParamType::kInt,
       .min = 0,
       .max = 1e9,
       .doc = "Steps of the run; absent: those of training."},
      {.name = "batch_size",
       .type = ParamType::kInt,
       .min = 1,
       .max = 1 << 20,
       .doc = "Rows per step; absent: training's."},
      {.name = "learning_rate",
       .min = 0,
       .min_exclusive = true,
       .doc =
           "Peak learning rate of the network; it follows training.schedule; absent: training's."},
      {.name = "weight_decay",
       .min = 0,
       .doc = "Decoupled weight decay of the network; absent: training's for blocks, else 0.05."}};
  all.insert(all.end(), table.begin(), table.end());
  return all;
}

int64_t StepsOfRun(const ParamValues& params, int64_t) { return GetInt(params, "steps"); }

std::vector<ParamSpec> WithGateParams(std::vector<ParamSpec> table) {
  std::vector<ParamSpec> all = {
      {.name = "logit_learning_rate",
       .default_value = 0.06,
       .min = 0,
       .min_exclusive = true,
       .doc = "Peak learning rate of the logits, absolute; it falls in proportion to training's."},
      {.name = "logit_weight_decay",
       .default_value = 0.05,
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

std::vector<ParamViolation> CheckGradualShares(const ParamValues& params) {
  const double dense = GetDouble(params, "dense_fraction");
  const double prune = GetDouble(params, "prune_fraction");
  if (dense + prune <= 1.0 + kRounding) return {};
  return {{"prune_fraction",
           absl::StrCat("must be at most ", 1.0 - dense, " (1 - dense_fraction), got ", prune)}};
}

void AddGradualPlan(const ParamValues& params, PruningSettings& settings) {
  const double dense = GetDouble(params, "dense_fraction");
  const double prune = GetDouble(params, "prune_fraction");
  settings.shares = {{"dense", PruneKind::kDense, dense},
                     {"pruning", PruneKind::kSparsify, prune},
                     {"sparse", PruneKind::kSparse, 1.0 - dense - prune}};
  settings.curve = CubicCurve;
  settings.mask_updates = GetInt(params, "mask_updates");
}

}  // namespace winnow::selectors
