#include <optional>
#include <string>

#include "server/spec/job_spec.h"
#include "server/spec/profile.h"
#include "server/spec/selector_params.h"

namespace winnow::spec {
namespace {

// std::optional of a proto3 optional field.
#define WINNOW_OPTIONAL(message, field) \
  ((message).has_##field() ? std::make_optional((message).field()) : std::nullopt)

template <typename T>
std::vector<T> ToVector(const auto& repeated) {
  return std::vector<T>(repeated.begin(), repeated.end());
}

Budget BudgetFrom(const v1::Budget& proto) {
  Budget budget;
  if (proto.has_max_count()) budget.max_count = proto.max_count();
  budget.max_bytes = WINNOW_OPTIONAL(proto, max_bytes);
  budget.max_flops = WINNOW_OPTIONAL(proto, max_flops);
  budget.max_latency_us = WINNOW_OPTIONAL(proto, max_latency_us);
  budget.density = WINNOW_OPTIONAL(proto, density);
  budget.quality_tolerance = WINNOW_OPTIONAL(proto, quality_tolerance);
  budget.max_cost = WINNOW_OPTIONAL(proto, max_cost);
  return budget;
}

plan::Task TaskFrom(const v1::JobSpec& proto) {
  switch (proto.task_case()) {
    case v1::JobSpec::kFeatureSelection: {
      const auto& from = proto.feature_selection();
      plan::FeatureSelection task;
      task.budget = BudgetFrom(from.budget());
      for (const auto& [name, columns] : from.groups()) {
        task.groups[name] = ToVector<std::string>(columns.values());
      }
      task.must_keep = ToVector<std::string>(from.must_keep());
      task.forbid = ToVector<std::string>(from.forbid());
      task.costs = {from.costs().begin(), from.costs().end()};
      return task;
    }
    case v1::JobSpec::kEmbeddingDimension: {
      const auto& from = proto.embedding_dimension();
      plan::EmbeddingDimension task;
      task.budget = BudgetFrom(from.budget());
      task.chunk = WINNOW_OPTIONAL(from, chunk);
      task.prefix = WINNOW_OPTIONAL(from, prefix);
      task.fields = ToVector<std::string>(from.fields());
      return task;
    }
    case v1::JobSpec::kBlockPruning: {
      const auto& from = proto.block_pruning();
      plan::BlockPruning task;
      task.layers = ToVector<std::string>(from.layers());
      task.block_rows = WINNOW_OPTIONAL(from.block(), rows);
      task.block_columns = WINNOW_OPTIONAL(from.block(), columns);
      task.budget = BudgetFrom(from.budget());
      return task;
    }
    case v1::JobSpec::kFeatureCross:
      return plan::FeatureCross{};
    case v1::JobSpec::kLayerPruning:
      return plan::LayerPruning{};
    case v1::JobSpec::TASK_NOT_SET:
      break;
  }
  return std::monostate{};
}

// Proto enums have UNSPECIFIED = 0 and then the values of the plain enum in the same order.
template <typename Plain, typename Proto>
std::optional<Plain> EnumFrom(bool present, Proto value) {
  if (!present || static_cast<int>(value) == 0) return std::nullopt;
  return static_cast<Plain>(static_cast<int>(value) - 1);
}

void DlrmFrom(const v1::DlrmModel& from, plan::ModelSpec& model) {
  if (from.has_bottom_units()) {
    model.bottom_units = ToVector<int32_t>(from.bottom_units().values());
  }
  if (from.has_top_units()) model.hidden_units = ToVector<int32_t>(from.top_units().values());
  model.embedding_dimension = WINNOW_OPTIONAL(from, embedding_dimension);
  model.interaction = EnumFrom<plan::Interaction>(from.has_interaction(), from.interaction());
}

plan::ModelSpec ModelFrom(const v1::Model& proto) {
  plan::ModelSpec model;
  const auto deep = [&model](const auto& from) {
    if (from.has_hidden_units()) {
      model.hidden_units = ToVector<int32_t>(from.hidden_units().values());
    }
    model.embedding_dimension = WINNOW_OPTIONAL(from, embedding_dimension);
  };
  switch (proto.model_case()) {
    case v1::Model::kLinear:
      model.kind = plan::ModelKind::kLinear;
      break;
    case v1::Model::kMlp:
      model.kind = plan::ModelKind::kMlp;
      deep(proto.mlp());
      break;
    case v1::Model::kWideDeep:
      model.kind = plan::ModelKind::kWideDeep;
      deep(proto.wide_deep());
      break;
    case v1::Model::kDeepFm:
      model.kind = plan::ModelKind::kDeepFm;
      deep(proto.deep_fm());
      break;
    case v1::Model::kDlrm:
      model.kind = plan::ModelKind::kDlrm;
      DlrmFrom(proto.dlrm(), model);
      break;
    case v1::Model::kDcnV2:
      model.kind = plan::ModelKind::kDcnV2;
      deep(proto.dcn_v2());
      break;
    case v1::Model::MODEL_NOT_SET:
      break;
  }
  return model;
}

plan::TrainingSpec TrainingFrom(const v1::Training& from) {
  plan::TrainingSpec training;
  training.optimizer = EnumFrom<plan::Optimizer>(from.has_optimizer(), from.optimizer());
  training.learning_rate = WINNOW_OPTIONAL(from, learning_rate);
  training.schedule = EnumFrom<plan::Schedule>(from.has_schedule(), from.schedule());
  training.final_learning_rate = WINNOW_OPTIONAL(from, final_learning_rate);
  training.weight_decay = WINNOW_OPTIONAL(from, weight_decay);
  training.batch_size = WINNOW_OPTIONAL(from, batch_size);
  if (from.has_epochs()) training.epochs = from.epochs();
  training.steps = WINNOW_OPTIONAL(from, steps);
  training.precision = EnumFrom<plan::Precision>(from.has_precision(), from.precision());
  training.shards = WINNOW_OPTIONAL(from, shards);
  training.threads = WINNOW_OPTIONAL(from, threads);
  if (from.has_seed()) training.seed = static_cast<uint64_t>(from.seed());
  training.input_noise = WINNOW_OPTIONAL(from, input_noise);
  training.dropout = WINNOW_OPTIONAL(from, dropout);
  training.early_stopping = WINNOW_OPTIONAL(from, early_stopping);
  training.momentum = WINNOW_OPTIONAL(from, momentum);
  return training;
}

plan::EvaluationSpec EvaluationFrom(const v1::Evaluation& from) {
  plan::EvaluationSpec evaluation;
  evaluation.metrics = ToVector<std::string>(from.metrics());
  if (from.has_controls()) {
    evaluation.controls = ToVector<std::string>(from.controls().values());
  }
  evaluation.random_draws = WINNOW_OPTIONAL(from, random_draws);
  evaluation.curve = WINNOW_OPTIONAL(from, curve);
  evaluation.curve_all = WINNOW_OPTIONAL(from, curve_all);
  evaluation.curve_points = ToVector<int32_t>(from.curve_points());
  evaluation.capacity_matched = WINNOW_OPTIONAL(from, capacity_matched);
  evaluation.repeats = WINNOW_OPTIONAL(from, repeats);
  evaluation.confidence_level = WINNOW_OPTIONAL(from, confidence_level);
  evaluation.bootstrap_samples = WINNOW_OPTIONAL(from, bootstrap_samples);
  return evaluation;
}

}  // namespace

plan::Spec SpecFromProto(const v1::JobSpec& proto) {
  plan::Spec spec;
  spec.dataset = proto.dataset();
  spec.task = TaskFrom(proto);
  spec.selector = SelectorFromProto(proto.selector());
  spec.model = ModelFrom(proto.model());
  spec.training = TrainingFrom(proto.training());
  spec.evaluation = EvaluationFrom(proto.evaluation());
  spec.resources.memory_limit_bytes = WINNOW_OPTIONAL(proto.resources(), memory_limit_bytes);
  spec.resources.wall_clock_limit_s = WINNOW_OPTIONAL(proto.resources(), wall_clock_limit_s);
  spec.resources.workers = WINNOW_OPTIONAL(proto.resources(), workers);
  spec.resources.priority = WINNOW_OPTIONAL(proto.resources(), priority);
  spec.parent_job = proto.parent_job();
  if (proto.has_split()) spec.split = SplitFromProto(proto.split());
  spec.labels = {proto.labels().begin(), proto.labels().end()};
  return spec;
}

#undef WINNOW_OPTIONAL

}  // namespace winnow::spec
