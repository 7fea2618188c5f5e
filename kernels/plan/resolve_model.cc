#include <algorithm>

#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

constexpr int32_t kMaxUnits = 65536;
constexpr int32_t kMaxEmbedding = 1024;

bool HasCategorical(const DatasetProfile& profile) {
  return std::any_of(profile.columns.begin(), profile.columns.end(),
                     [](const ColumnProfile& c) { return c.kind == ColumnKind::kCategorical; });
}

const char* Name(ModelKind kind) {
  switch (kind) {
    case ModelKind::kLinear:
      return "linear";
    case ModelKind::kMlp:
      return "mlp";
    case ModelKind::kWideDeep:
      return "wide_deep";
    case ModelKind::kDeepFm:
      return "deep_fm";
    case ModelKind::kDlrm:
      return "dlrm";
    case ModelKind::kDcnV2:
      return "dcn_v2";
  }
  return "";
}

// Names of features that a job leaves out of the model altogether.
std::vector<std::string> Forbidden(const Spec& spec) {
  const auto* task = std::get_if<FeatureSelection>(&spec.task);
  if (task == nullptr) return {};
  std::vector<std::string> names;
  for (const std::string& name : task->forbid) {
    const auto group = task->groups.find(name);
    if (group == task->groups.end()) {
      names.push_back(name);
    } else {
      names.insert(names.end(), group->second.begin(), group->second.end());
    }
  }
  return names;
}

void BuildShape(const Resolver& r, ModelShape& shape) {
  const std::vector<std::string> forbidden = Forbidden(r.plan.spec);
  for (size_t c = 0; c < r.profile.columns.size(); ++c) {
    const ColumnProfile& column = r.profile.columns[c];
    if (std::find(forbidden.begin(), forbidden.end(), column.name) != forbidden.end()) continue;
    InputField field;
    field.column = static_cast<int32_t>(c);
    field.categorical = column.kind == ColumnKind::kCategorical;
    field.first_row = shape.input_width;
    if (field.categorical) {
      field.rows = shape.embedding_dimension;
      field.vocabulary = column.vocabulary;
      shape.parameters += field.vocabulary * field.rows;
    } else {
      field.rows = column.missing > 0 ? 2 : 1;  // the value, and whether it is missing
      shape.dense_width += field.rows;
    }
    shape.input_width += field.rows;
    shape.fields.push_back(field);
  }
  int64_t inputs = shape.input_width;
  for (int32_t units : shape.hidden_units) {
    shape.parameters += (inputs + 1) * units;
    inputs = units;
  }
  shape.parameters += (inputs + 1) * shape.outputs;
}

}  // namespace

int32_t FirstLayerOutputs(const ModelShape& shape) {
  return shape.hidden_units.empty() ? shape.outputs : shape.hidden_units.front();
}

void ResolveModel(Resolver& r) {
  ModelSpec& model = r.plan.spec.model;
  if (!model.kind) model.kind = ModelKind::kMlp;
  const bool built = *model.kind == ModelKind::kLinear || *model.kind == ModelKind::kMlp;
  r.Require(built, "model",
            absl::StrCat(Name(*model.kind), " is not built yet; use linear or mlp"));
  const bool categorical = HasCategorical(r.profile);
  if (*model.kind == ModelKind::kLinear) {
    model.hidden_units = std::vector<int32_t>{};
  } else if (!model.hidden_units) {
    // 67 is the paper's width for tables of numbers; embeddings want a second layer to combine
    // them.
    model.hidden_units = categorical ? std::vector<int32_t>{64, 32} : std::vector<int32_t>{67};
  }
  if (!model.embedding_dimension) model.embedding_dimension = 8;
  const std::string prefix = absl::StrCat("model.", Name(*model.kind), ".");
  for (size_t i = 0; i < model.hidden_units->size(); ++i) {
    const int32_t units = (*model.hidden_units)[i];
    r.RequireRange(absl::StrCat(prefix, "hidden_units[", i, "]"), units,
                   units >= 1 && units <= kMaxUnits, absl::StrCat("must be 1 to ", kMaxUnits));
  }
  const int32_t width = *model.embedding_dimension;
  r.RequireRange(prefix + "embedding_dimension", width, width >= 1 && width <= kMaxEmbedding,
                 absl::StrCat("must be 1 to ", kMaxEmbedding));
  ModelShape& shape = r.plan.model;
  shape.kind = *model.kind;
  shape.embedding_dimension = std::clamp(width, 1, kMaxEmbedding);
  for (int32_t units : *model.hidden_units) {
    shape.hidden_units.push_back(std::clamp(units, 1, kMaxUnits));
  }
  const TargetProfile& target = r.profile.target;
  shape.outputs =
      target.kind == TargetKind::kMulticlass ? static_cast<int32_t>(target.classes.size()) : 1;
  BuildShape(r, shape);
}

}  // namespace winnow::plan
