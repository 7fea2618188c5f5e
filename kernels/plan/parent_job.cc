#include "kernels/plan/parent_job.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace winnow::plan {
namespace {

constexpr std::array<const char*, 6> kTaskNames = {
    "no task",       "feature_selection", "embedding_dimension",
    "block_pruning", "feature_cross",     "layer_pruning"};
constexpr std::array<const char*, 6> kModelNames = {"linear",  "mlp",  "wide_deep",
                                                    "deep_fm", "dlrm", "dcn_v2"};

const char* TaskName(const Spec& spec) { return kTaskNames[spec.task.index()]; }
const char* ModelName(ModelKind kind) { return kModelNames[static_cast<size_t>(kind)]; }

std::string Text(const std::vector<int32_t>& widths) {
  return absl::StrCat("[", absl::StrJoin(widths, ", "), "]");
}
std::string Text(int32_t width) { return absl::StrCat(width); }
std::string Text(Interaction interaction) {
  return interaction == Interaction::kDot ? "dot" : "concat";
}
std::string Text(const std::vector<std::string>& names) {
  return absl::StrCat("[", absl::StrJoin(names, ", "), "]");
}

template <typename T>
void Compare(const std::string& path, const T& found, const T& expected, const ParentJob& parent,
             std::vector<Violation>& violations) {
  if (found == expected) return;
  violations.push_back({path, absl::StrCat("must be ", Text(expected), " as in parent_job ",
                                           parent.name, ", got ", Text(found))});
}

}  // namespace

void AdoptModel(const ParentJob& parent, Spec& spec) {
  const ModelSpec& from = parent.spec.model;
  ModelSpec& to = spec.model;
  if (to.kind && to.kind != from.kind) return;
  to.kind = from.kind;
  if (!to.hidden_units) to.hidden_units = from.hidden_units;
  if (!to.embedding_dimension) to.embedding_dimension = from.embedding_dimension;
  if (!to.bottom_units) to.bottom_units = from.bottom_units;
  if (!to.interaction) to.interaction = from.interaction;
}

std::vector<Violation> CheckParent(const Plan& plan, const DatasetProfile& profile,
                                   const ParentJob& parent) {
  std::vector<Violation> violations;
  if (plan.spec.task.index() != parent.spec.task.index()) {
    violations.push_back(
        {"parent_job", absl::StrCat("must be a job of the same task, ", TaskName(plan.spec), "; ",
                                    parent.name, " is ", TaskName(parent.spec))});
  }
  const std::vector<std::string> classes = profile.target.kind == TargetKind::kRegression
                                               ? std::vector<std::string>()
                                               : profile.target.classes;
  if (parent.classes.value_or(classes) != classes) {
    violations.push_back(
        {"parent_job", absl::StrCat("the classes of its target must be ", Text(classes),
                                    ", those of ", parent.name, " are ", Text(*parent.classes))});
  }
  const ModelSpec& found = plan.spec.model;
  const ModelSpec& expected = parent.spec.model;
  const ModelKind kind = found.kind.value_or(ModelKind::kMlp);
  if (kind != expected.kind.value_or(ModelKind::kMlp)) {
    violations.push_back(
        {"model", absl::StrCat("must be ", ModelName(expected.kind.value_or(ModelKind::kMlp)),
                               " as in parent_job ", parent.name, ", got ", ModelName(kind))});
    return violations;
  }
  const std::string prefix = absl::StrCat("model.", ModelName(kind), ".");
  const auto compare = [&](const std::string& field, const auto& a, const auto& b) {
    if (a && b) Compare(prefix + field, *a, *b, parent, violations);
  };
  const bool dlrm = kind == ModelKind::kDlrm;
  compare(dlrm ? "top_units" : "hidden_units", found.hidden_units, expected.hidden_units);
  compare("embedding_dimension", found.embedding_dimension, expected.embedding_dimension);
  if (dlrm) {
    compare("bottom_units", found.bottom_units, expected.bottom_units);
    compare("interaction", found.interaction, expected.interaction);
  }
  return violations;
}

}  // namespace winnow::plan
