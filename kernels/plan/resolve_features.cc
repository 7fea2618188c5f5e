#include <algorithm>
#include <map>

#include "kernels/plan/model_shape.h"
#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

constexpr int64_t kBytesPerValue = 4;

// Names that a job may use: groups first, then columns that are in no group.
struct Names {
  std::map<std::string, int32_t> columns;   // name -> index
  std::map<int32_t, std::string> group_of;  // column -> its group
  std::vector<std::string> known;
};

Names CollectNames(Resolver& r, const FeatureSelection& task) {
  Names names;
  for (size_t c = 0; c < r.profile.columns.size(); ++c) {
    names.columns[r.profile.columns[c].name] = static_cast<int32_t>(c);
    names.known.push_back(r.profile.columns[c].name);
  }
  for (const auto& [group, columns] : task.groups) {
    const std::string path = absl::StrCat("feature_selection.groups.", group);
    r.Require(!columns.empty(), path, "is empty");
    const auto same = names.columns.find(group);
    r.Require(same == names.columns.end() || (columns.size() == 1 && columns.front() == group),
              path, "has the name of a column");
    for (const std::string& column : columns) {
      const auto found = names.columns.find(column);
      if (found == names.columns.end()) {
        r.Add(path, absl::StrCat("no column '", column, "'", Suggest(column, names.known)));
        continue;
      }
      const auto [entry, added] = names.group_of.emplace(found->second, group);
      if (!added) {
        r.Add(path, absl::StrCat("column '", column, "' is already in ",
                                 entry->second == group ? "this group" : "group " + entry->second));
      }
    }
    names.known.push_back(group);
  }
  return names;
}

// A column on its own or a group. Reports names that are neither.
bool CheckName(Resolver& r, const Names& names, const FeatureSelection& task,
               const std::string& path, const std::string& name) {
  if (task.groups.count(name) != 0) return true;
  const auto column = names.columns.find(name);
  if (column == names.columns.end()) {
    r.Add(path, absl::StrCat("no feature '", name, "'", Suggest(name, names.known)));
    return false;
  }
  const auto group = names.group_of.find(column->second);
  if (group == names.group_of.end()) return true;
  r.Add(path, absl::StrCat("'", name, "' is in group '", group->second, "'; name the group"));
  return false;
}

void CheckNames(Resolver& r, const Names& names, const FeatureSelection& task) {
  const auto check = [&](const char* list, const std::vector<std::string>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      CheckName(r, names, task, absl::StrCat("feature_selection.", list, "[", i, "]"), values[i]);
      r.Require(
          std::count(values.begin(), values.begin() + static_cast<int64_t>(i), values[i]) == 0,
          absl::StrCat("feature_selection.", list, "[", i, "]"),
          absl::StrCat("'", values[i], "' stands twice"));
    }
  };
  check("must_keep", task.must_keep);
  check("forbid", task.forbid);
  for (const std::string& name : task.must_keep) {
    r.Require(std::find(task.forbid.begin(), task.forbid.end(), name) == task.forbid.end(),
              "feature_selection.must_keep", absl::StrCat("'", name, "' is also in forbid"));
  }
  for (const auto& [name, price] : task.costs) {
    const std::string path = absl::StrCat("feature_selection.costs.", name);
    CheckName(r, names, task, path, name);
    r.RequireRange(path, price, price > 0 && std::isfinite(price), "must be > 0");
  }
}

// Bytes: the embedding table and the weights behind the field. Multiply-adds: those weights.
Cost CostOf(const Resolver& r, const std::vector<int32_t>& columns, double price) {
  Cost cost{.price = price};
  for (const InputField& field : r.plan.model.fields) {
    if (std::find(columns.begin(), columns.end(), field.column) == columns.end()) continue;
    const int64_t table = field.categorical ? field.vocabulary * field.rows : 0;
    const int64_t weights = FieldWeights(r.plan.model, field);
    cost.bytes += (table + weights) * kBytesPerValue;
    cost.flops += weights;
  }
  return cost;
}

}  // namespace

void ResolveFeatures(Resolver& r, const FeatureSelection& task) {
  const Names names = CollectNames(r, task);
  CheckNames(r, names, task);
  CheckBudget(r, "feature_selection.budget", task.budget, /*density_allowed=*/false);
  CandidateSet& set = r.plan.candidates;
  set.gate = GateKind::kFeature;
  std::map<std::string, size_t> position;  // of groups that are in the set
  for (size_t c = 0; c < r.profile.columns.size(); ++c) {
    const auto column = static_cast<int32_t>(c);
    const auto group = names.group_of.find(column);
    const std::string& name =
        group == names.group_of.end() ? r.profile.columns[c].name : group->second;
    if (std::find(task.forbid.begin(), task.forbid.end(), name) != task.forbid.end()) continue;
    const auto [entry, added] = position.emplace(name, set.items.size());
    if (added) set.items.emplace_back().name = name;
    set.items[entry->second].columns.push_back(column);
  }
  for (size_t i = 0; i < set.items.size(); ++i) {
    Candidate& candidate = set.items[i];
    const auto price = task.costs.find(candidate.name);
    candidate.cost = CostOf(r, candidate.columns, price == task.costs.end() ? 1.0 : price->second);
    if (std::find(task.must_keep.begin(), task.must_keep.end(), candidate.name) !=
        task.must_keep.end()) {
      set.must_keep.push_back(static_cast<int32_t>(i));
    }
  }
  r.Require(!set.items.empty(), "feature_selection.forbid", "leaves no candidate");
  const std::string path = "feature_selection.budget.max_count";
  if (task.budget.max_count && *task.budget.max_count > set.size()) {
    r.Add(path, TooManyAsked(*task.budget.max_count, set.size(), "candidates", task.forbid.size()));
  }
}

}  // namespace winnow::plan
