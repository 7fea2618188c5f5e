#include <optional>
#include <string>

#include "server/spec/job_spec.h"
#include "server/spec/profile.h"
#include "server/spec/selector_params.h"

namespace winnow::spec {
namespace {

template <typename Repeated, typename T>
void Assign(Repeated* repeated, const std::vector<T>& values) {
  repeated->Assign(values.begin(), values.end());
}

#define WINNOW_SET(message, field, value) \
  if (value) (message).set_##field(*(value))

v1::Budget BudgetTo(const Budget& budget) {
  v1::Budget proto;
  if (budget.max_count) proto.set_max_count(static_cast<int32_t>(*budget.max_count));
  WINNOW_SET(proto, max_bytes, budget.max_bytes);
  WINNOW_SET(proto, max_flops, budget.max_flops);
  WINNOW_SET(proto, max_latency_us, budget.max_latency_us);
  WINNOW_SET(proto, density, budget.density);
  WINNOW_SET(proto, quality_tolerance, budget.quality_tolerance);
  WINNOW_SET(proto, max_cost, budget.max_cost);
  return proto;
}

// One overload per task; std::visit finds the member of the oneof.
struct TaskTo {
  v1::JobSpec* proto;

  void operator()(std::monostate) const {}
  void operator()(const plan::FeatureSelection& task) const {
    auto& to = *proto->mutable_feature_selection();
    *to.mutable_budget() = BudgetTo(task.budget);
    for (const auto& [name, columns] : task.groups) {
      Assign((*to.mutable_groups())[name].mutable_values(), columns);
    }
    Assign(to.mutable_must_keep(), task.must_keep);
    Assign(to.mutable_forbid(), task.forbid);
    for (const auto& [name, price] : task.costs) (*to.mutable_costs())[name] = price;
  }
  void operator()(const plan::EmbeddingDimension& task) const {
    auto& to = *proto->mutable_embedding_dimension();
    *to.mutable_budget() = BudgetTo(task.budget);
    WINNOW_SET(to, chunk, task.chunk);
    WINNOW_SET(to, prefix, task.prefix);
    Assign(to.mutable_fields(), task.fields);
  }
  void operator()(const plan::BlockPruning& task) const {
    auto& to = *proto->mutable_block_pruning();
    Assign(to.mutable_layers(), task.layers);
    WINNOW_SET(*to.mutable_block(), rows, task.block_rows);
    WINNOW_SET(*to.mutable_block(), columns, task.block_columns);
    *to.mutable_budget() = BudgetTo(task.budget);
  }
  void operator()(const plan::FeatureCross&) const { proto->mutable_feature_cross(); }
  void operator()(const plan::LayerPruning&) const { proto->mutable_layer_pruning(); }
};

// Proto enums have UNSPECIFIED = 0 and then the values of the plain enum in the same order.
template <typename Proto, typename Plain>
Proto EnumTo(Plain value) {
  return static_cast<Proto>(static_cast<int>(value) + 1);
}

void DlrmTo(const plan::ModelSpec& model, v1::DlrmModel& to) {
  if (model.bottom_units) {
    Assign(to.mutable_bottom_units()->mutable_values(), *model.bottom_units);
  }
  if (model.hidden_units) Assign(to.mutable_top_units()->mutable_values(), *model.hidden_units);
  WINNOW_SET(to, embedding_dimension, model.embedding_dimension);
  if (model.interaction) {
    to.set_interaction(EnumTo<v1::DlrmModel::Interaction>(*model.interaction));
  }
}

v1::Model ModelTo(const plan::ModelSpec& model) {
  v1::Model proto;
  if (!model.kind) return proto;
  const auto deep = [&model](auto* to) {
    if (model.hidden_units) {
      Assign(to->mutable_hidden_units()->mutable_values(), *model.hidden_units);
    }
    WINNOW_SET(*to, embedding_dimension, model.embedding_dimension);
  };
  switch (*model.kind) {
    case plan::ModelKind::kLinear:
      proto.mutable_linear();
      break;
    case plan::ModelKind::kMlp:
      deep(proto.mutable_mlp());
      break;
    case plan::ModelKind::kWideDeep:
      deep(proto.mutable_wide_deep());
      break;
    case plan::ModelKind::kDeepFm:
      deep(proto.mutable_deep_fm());
      break;
    case plan::ModelKind::kDlrm:
      DlrmTo(model, *proto.mutable_dlrm());
      break;
    case plan::ModelKind::kDcnV2:
      deep(proto.mutable_dcn_v2());
      break;
  }
  return proto;
}

v1::Training TrainingTo(const plan::TrainingSpec& training) {
  v1::Training to;
  if (training.optimizer) to.set_optimizer(EnumTo<v1::Training::Optimizer>(*training.optimizer));
  WINNOW_SET(to, learning_rate, training.learning_rate);
  if (training.schedule) to.set_schedule(EnumTo<v1::Training::Schedule>(*training.schedule));
  WINNOW_SET(to, final_learning_rate, training.final_learning_rate);
  WINNOW_SET(to, weight_decay, training.weight_decay);
  WINNOW_SET(to, batch_size, training.batch_size);
  WINNOW_SET(to, epochs, training.epochs);
  WINNOW_SET(to, steps, training.steps);
  if (training.precision) to.set_precision(EnumTo<v1::Training::Precision>(*training.precision));
  WINNOW_SET(to, shards, training.shards);
  WINNOW_SET(to, threads, training.threads);
  if (training.seed) to.set_seed(static_cast<int64_t>(*training.seed));
  WINNOW_SET(to, input_noise, training.input_noise);
  WINNOW_SET(to, dropout, training.dropout);
  WINNOW_SET(to, early_stopping, training.early_stopping);
  WINNOW_SET(to, momentum, training.momentum);
  return to;
}

v1::Evaluation EvaluationTo(const plan::EvaluationSpec& evaluation) {
  v1::Evaluation to;
  Assign(to.mutable_metrics(), evaluation.metrics);
  if (evaluation.controls) Assign(to.mutable_controls()->mutable_values(), *evaluation.controls);
  WINNOW_SET(to, random_draws, evaluation.random_draws);
  WINNOW_SET(to, curve, evaluation.curve);
  WINNOW_SET(to, curve_all, evaluation.curve_all);
  Assign(to.mutable_curve_points(), evaluation.curve_points);
  WINNOW_SET(to, capacity_matched, evaluation.capacity_matched);
  WINNOW_SET(to, repeats, evaluation.repeats);
  WINNOW_SET(to, confidence_level, evaluation.confidence_level);
  WINNOW_SET(to, bootstrap_samples, evaluation.bootstrap_samples);
  return to;
}

}  // namespace

v1::JobSpec SpecToProto(const plan::Spec& spec) {
  v1::JobSpec proto;
  proto.set_dataset(spec.dataset);
  std::visit(TaskTo{&proto}, spec.task);
  if (!spec.selector.name.empty()) *proto.mutable_selector() = SelectorToProto(spec.selector);
  if (spec.model.kind) *proto.mutable_model() = ModelTo(spec.model);
  *proto.mutable_training() = TrainingTo(spec.training);
  *proto.mutable_evaluation() = EvaluationTo(spec.evaluation);
  auto& resources = *proto.mutable_resources();
  WINNOW_SET(resources, memory_limit_bytes, spec.resources.memory_limit_bytes);
  WINNOW_SET(resources, wall_clock_limit_s, spec.resources.wall_clock_limit_s);
  WINNOW_SET(resources, workers, spec.resources.workers);
  WINNOW_SET(resources, priority, spec.resources.priority);
  if (!spec.parent_job.empty()) proto.set_parent_job(spec.parent_job);
  if (spec.split) *proto.mutable_split() = SplitToProto(*spec.split);
  for (const auto& [key, value] : spec.labels) (*proto.mutable_labels())[key] = value;
  return proto;
}

#undef WINNOW_SET

}  // namespace winnow::spec
