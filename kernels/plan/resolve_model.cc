#include <algorithm>

#include "kernels/plan/model_shape.h"
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
    if (field.categorical) {
      field.rows = shape.embedding_dimension;
      field.vocabulary = column.vocabulary;
    } else {
      field.rows = column.missing > 0 ? 2 : 1;  // the value, and whether it is missing
    }
    shape.fields.push_back(field);
  }
  LayOut(shape);
}

// Units of layers, each in range; clamped where they are not, for the later parts.
std::vector<int32_t> CheckUnits(Resolver& r, const std::string& path,
                                const std::vector<int32_t>& units) {
  std::vector<int32_t> checked;
  for (size_t i = 0; i < units.size(); ++i) {
    r.RequireRange(absl::StrCat(path, "[", i, "]"), units[i],
                   units[i] >= 1 && units[i] <= kMaxUnits,
                   absl::StrCat("must be 1 to ", kMaxUnits));
    checked.push_back(std::clamp(units[i], 1, kMaxUnits));
  }
  return checked;
}

void FillDefaults(const Resolver& r, ModelSpec& model) {
  const bool dlrm = model.kind == ModelKind::kDlrm;
  if (model.kind == ModelKind::kLinear) {
    model.hidden_units = std::vector<int32_t>{};
  } else if (!model.hidden_units) {
    // 67 is the paper's width for tables of numbers; embeddings want a second layer to combine
    // them.
    model.hidden_units = dlrm                        ? std::vector<int32_t>{512, 256}
                         : HasCategorical(r.profile) ? std::vector<int32_t>{64, 32}
                                                     : std::vector<int32_t>{67};
  }
  if (!model.embedding_dimension) model.embedding_dimension = dlrm ? 16 : 8;
  if (!dlrm) return;
  if (!model.bottom_units) model.bottom_units = std::vector<int32_t>{512, 256};
  if (!model.interaction) model.interaction = Interaction::kDot;
}

// A vector alone has nothing to meet. (A selection may leave such a model over: it has no
// products.)
void CheckVectors(Resolver& r) {
  const ModelShape& shape = r.plan.model;
  r.Require(EmbeddingCount(shape) > 0, "model",
            "dlrm needs a categorical column, there is none; use mlp");
  r.Require(EmbeddingCount(shape) != 1 || VectorCount(shape) > 1 || !HasDots(shape), "model",
            "the dot products of dlrm need two vectors; one categorical column and no numeric one "
            "make one; use mlp");
}

}  // namespace

void ResolveModel(Resolver& r) {
  ModelSpec& model = r.plan.spec.model;
  if (!model.kind) model.kind = ModelKind::kMlp;
  const bool dlrm = *model.kind == ModelKind::kDlrm;
  const bool built = *model.kind == ModelKind::kLinear || *model.kind == ModelKind::kMlp || dlrm;
  r.Require(built, "model",
            absl::StrCat(Name(*model.kind), " is not built yet; use linear, mlp or dlrm"));
  FillDefaults(r, model);
  const std::string prefix = absl::StrCat("model.", Name(*model.kind), ".");
  ModelShape& shape = r.plan.model;
  shape.kind = *model.kind;
  if (dlrm) shape.bottom_units = CheckUnits(r, prefix + "bottom_units", *model.bottom_units);
  shape.hidden_units =
      CheckUnits(r, prefix + (dlrm ? "top_units" : "hidden_units"), *model.hidden_units);
  const int32_t width = *model.embedding_dimension;
  r.RequireRange(prefix + "embedding_dimension", width, width >= 1 && width <= kMaxEmbedding,
                 absl::StrCat("must be 1 to ", kMaxEmbedding));
  shape.embedding_dimension = std::clamp(width, 1, kMaxEmbedding);
  if (dlrm) shape.interaction = *model.interaction;
  if (dlrm && (HasDots(shape) || !shape.bottom_units.empty())) {
    shape.bottom_units.push_back(shape.embedding_dimension);
  }
  const TargetProfile& target = r.profile.target;
  shape.outputs =
      target.kind == TargetKind::kMulticlass ? static_cast<int32_t>(target.classes.size()) : 1;
  BuildShape(r, shape);
  if (dlrm) CheckVectors(r);
}

}  // namespace winnow::plan
