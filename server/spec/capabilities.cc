#include "server/spec/capabilities.h"

#include <cmath>
#include <string>

#include "google/protobuf/descriptor.h"
#include "kernels/selectors/registry.h"
#include "nlohmann/json.hpp"
#include "winnow/v1/job_spec.pb.h"
#include "winnow/v1/selector.pb.h"

namespace winnow::spec {
namespace {

using selectors::ParamSpec;
using selectors::ParamType;

std::string TypeText(const ParamSpec& param) {
  switch (param.type) {
    case ParamType::kBool:
      return "bool";
    case ParamType::kInt:
      return "int";
    case ParamType::kDouble:
      return "double";
    case ParamType::kString:
      break;
  }
  return param.choices.empty() ? "string" : "enum";
}

v1::ParameterInfo ParameterToProto(const ParamSpec& param) {
  v1::ParameterInfo to;
  to.set_name(param.name);
  to.set_type(TypeText(param));
  if (param.default_value) {
    to.set_default_value(std::visit([](const auto& value) { return nlohmann::json(value).dump(); },
                                    *param.default_value));
  }
  if (std::isfinite(param.min)) to.set_minimum(param.min);
  if (std::isfinite(param.max)) to.set_maximum(param.max);
  to.set_exclusive_minimum(param.min_exclusive);
  to.set_doc(param.doc);
  for (const std::string& choice : param.choices) to.add_choices(choice);
  return to;
}

// A gate, as job authors say it, and the task that has it.
struct GateName {
  GateKind gate;
  const char* name;
  const char* task;
};
constexpr GateName kGateNames[] = {{GateKind::kFeature, "feature", "feature_selection"},
                                   {GateKind::kChunk, "chunk", "embedding_dimension"},
                                   {GateKind::kBlock, "block", "block_pruning"},
                                   {GateKind::kCross, "cross", "feature_cross"}};

void FillFromRow(const selectors::Row& row, v1::SelectorInfo& info) {
  info.set_summary(row.summary);
  info.set_built(true);
  for (const ParamSpec& param : row.params) *info.add_parameters() = ParameterToProto(param);
  for (GateKind gate : row.gates) {
    for (const GateName& known : kGateNames) {
      if (known.gate != gate) continue;
      info.add_gates(known.name);
      if (gate != GateKind::kCross) info.add_tasks(known.task);
    }
  }
}

void AddModel(v1::Capabilities& to, const char* name, const char* summary, bool built) {
  auto& model = *to.add_models();
  model.set_name(name);
  model.set_summary(summary);
  model.set_built(built);
}

void AddTask(v1::Capabilities& to, const char* name, const char* summary,
             std::initializer_list<const char*> budgets) {
  auto& task = *to.add_tasks();
  task.set_name(name);
  task.set_summary(summary);
  task.set_built(budgets.size() > 0);
  for (const char* budget : budgets) task.add_budgets(budget);
}

}  // namespace

v1::Capabilities AlgorithmCapabilities() {
  v1::Capabilities to;
  const auto& members = *v1::Selector::descriptor()->FindOneofByName("algorithm");
  for (int i = 0; i < members.field_count(); ++i) {
    auto& info = *to.add_selectors();
    info.set_name(std::string(members.field(i)->name()));
    if (const auto* row = selectors::FindSelector(info.name())) FillFromRow(*row, info);
  }
  AddModel(to, "linear", "Linear (logistic, softmax) regression.", true);
  AddModel(to, "mlp", "Multi-layer perceptron on numeric inputs and field embeddings.", true);
  AddModel(to, "wide_deep", "Linear part beside a perceptron.", false);
  AddModel(to, "deep_fm", "Factorisation machine beside a perceptron.", false);
  AddModel(to, "dlrm", "Dot products of embeddings and a numeric tower.", true);
  AddModel(to, "dcn_v2", "Deep and cross network, version 2.", false);
  AddTask(to, "feature_selection", "Which features does the model need?",
          {"max_count", "max_bytes", "max_flops", "max_cost", "quality_tolerance"});
  AddTask(to, "embedding_dimension", "How many embedding dimensions does each field need?",
          {"max_count", "max_bytes", "max_flops", "quality_tolerance"});
  AddTask(to, "block_pruning", "Which blocks of a dense layer does the model need?",
          {"density", "max_count"});
  AddTask(to, "feature_cross", "Which products of two fields help the model?", {});
  AddTask(to, "layer_pruning", "Which blocks of given weights are needed?", {});
  for (const char* metric : {"auc", "gauc", "log_loss", "normalized_entropy", "calibration_error",
                             "accuracy", "rmse", "mae", "r2"}) {
    to.add_metrics(metric);
  }
  return to;
}

}  // namespace winnow::spec
