#include <variant>

#include "kernels/plan/plan.h"

namespace winnow::plan {
namespace {

using nlohmann::json;

template <typename T>
void Put(json& to, const char* key, const std::optional<T>& value) {
  if (value) to[key] = *value;
}

json BudgetSettings(const Budget& budget) {
  json to = json::object();
  Put(to, "max_count", budget.max_count);
  Put(to, "max_bytes", budget.max_bytes);
  Put(to, "max_flops", budget.max_flops);
  Put(to, "max_latency_us", budget.max_latency_us);
  Put(to, "density", budget.density);
  Put(to, "quality_tolerance", budget.quality_tolerance);
  Put(to, "max_cost", budget.max_cost);
  return to;
}

struct TaskSettings {
  json& to;

  void operator()(const FeatureSelection& task) const {
    json& section = to["feature_selection"];
    section["budget"] = BudgetSettings(task.budget);
    if (!task.groups.empty()) section["groups"] = task.groups;
    if (!task.must_keep.empty()) section["must_keep"] = task.must_keep;
    if (!task.forbid.empty()) section["forbid"] = task.forbid;
    if (!task.costs.empty()) section["costs"] = task.costs;
  }
  void operator()(const EmbeddingDimension& task) const {
    json& section = to["embedding_dimension"];
    section["budget"] = BudgetSettings(task.budget);
    Put(section, "chunk", task.chunk);
    Put(section, "prefix", task.prefix);
    if (!task.fields.empty()) section["fields"] = task.fields;
  }
  void operator()(const BlockPruning& task) const {
    json& section = to["block_pruning"];
    section["budget"] = BudgetSettings(task.budget);
    section["layers"] = task.layers;
    Put(section["block"], "rows", task.block_rows);
    Put(section["block"], "columns", task.block_columns);
  }
  template <typename Other>
  void operator()(const Other&) const {}
};

constexpr const char* kModels[] = {"linear", "mlp", "wide_deep", "deep_fm", "dlrm", "dcn_v2"};
constexpr const char* kInteractions[] = {"dot", "concat"};
constexpr const char* kOptimizers[] = {"adam", "adamw", "sgd", "adagrad", "lazy_adam"};
constexpr const char* kSchedules[] = {"constant", "cosine", "linear", "exponential"};
constexpr const char* kPrecisions[] = {"f32", "bf16"};
constexpr const char* kSplits[] = {"random", "stratified", "column", "time",
                                   "group",  "files",      "folds"};

template <typename Enum>
void PutName(json& to, const char* key, const std::optional<Enum>& value,
             const char* const* names) {
  if (value) to[key] = names[static_cast<int>(*value)];
}

json ModelSettings(const ModelSpec& model) {
  json params = json::object();
  const bool dlrm = model.kind == ModelKind::kDlrm;
  if (dlrm) Put(params, "bottom_units", model.bottom_units);
  if (model.kind != ModelKind::kLinear) {
    Put(params, dlrm ? "top_units" : "hidden_units", model.hidden_units);
  }
  Put(params, "embedding_dimension", model.embedding_dimension);
  PutName(params, "interaction", model.interaction, kInteractions);
  json to = json::object();
  if (model.kind) to[kModels[static_cast<int>(*model.kind)]] = std::move(params);
  return to;
}

// Without `threads`: the result does not depend on it, and selection.json holds only what it
// depends on.
json TrainingSettings(const TrainingSpec& t) {
  json to = json::object();
  PutName(to, "optimizer", t.optimizer, kOptimizers);
  Put(to, "learning_rate", t.learning_rate);
  PutName(to, "schedule", t.schedule, kSchedules);
  Put(to, "final_learning_rate", t.final_learning_rate);
  Put(to, "weight_decay", t.weight_decay);
  Put(to, "batch_size", t.batch_size);
  Put(to, "epochs", t.epochs);
  Put(to, "steps", t.steps);
  PutName(to, "precision", t.precision, kPrecisions);
  Put(to, "shards", t.shards);
  Put(to, "seed", t.seed);
  Put(to, "input_noise", t.input_noise);
  Put(to, "dropout", t.dropout);
  Put(to, "early_stopping", t.early_stopping);
  if (t.optimizer == Optimizer::kSgd) Put(to, "momentum", t.momentum);
  return to;
}

json EvaluationSettings(const EvaluationSpec& e) {
  json to = json::object();
  to["metrics"] = e.metrics;
  Put(to, "controls", e.controls);
  Put(to, "random_draws", e.random_draws);
  Put(to, "curve", e.curve);
  Put(to, "curve_all", e.curve_all);
  if (!e.curve_points.empty()) to["curve_points"] = e.curve_points;
  Put(to, "confidence_level", e.confidence_level);
  Put(to, "bootstrap_samples", e.bootstrap_samples);
  return to;
}

json SplitSettings(const SplitSpec& split) {
  json to = {{"kind", kSplits[static_cast<int>(split.kind)]},
             {"validation", split.validation},
             {"test", split.test},
             {"seed", split.seed}};
  if (!split.column.empty()) to["column"] = split.column;
  if (split.kind == SplitSpec::Kind::kFolds) {
    to["folds"] = split.folds;
    to["fold"] = split.fold;
  }
  return to;
}

}  // namespace

nlohmann::json SettingsJson(const Spec& spec) {
  json to = json::object();
  std::visit(TaskSettings{to}, spec.task);
  json params = json::object();
  for (const auto& [name, value] : spec.selector.params) {
    std::visit([&, key = name](const auto& v) { params[key] = v; }, value);
  }
  to["selector"] = {{spec.selector.name, std::move(params)}};
  to["model"] = ModelSettings(spec.model);
  to["training"] = TrainingSettings(spec.training);
  to["evaluation"] = EvaluationSettings(spec.evaluation);
  if (spec.split) to["split"] = SplitSettings(*spec.split);
  return to;
}

}  // namespace winnow::plan
