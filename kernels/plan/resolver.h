// What the parts of Resolve share: the plan under construction and the list of violations.
#ifndef WINNOW_KERNELS_PLAN_RESOLVER_H_
#define WINNOW_KERNELS_PLAN_RESOLVER_H_

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/plan/plan.h"

namespace winnow::plan {

// Each Resolve* fills its section of plan.spec, then what follows from it, and adds what is wrong.
// A later part may rely on the results of an earlier one even when violations were found: those are
// then placeholders.
struct Resolver {
  const DatasetProfile& profile;
  const Limits& limits;
  Plan plan;  // plan.spec starts as the user's
  std::vector<Violation> violations;

  void Add(std::string path, std::string message) {
    violations.push_back({std::move(path), std::move(message)});
  }
  // Reports unless `ok`.
  void Require(bool ok, const std::string& path, const std::string& message) {
    if (!ok) Add(path, message);
  }
  // A number in [min, max]; `expected` says the range in words ("must be > 0").
  template <typename T>
  void RequireRange(const std::string& path, T value, bool ok, const std::string& expected) {
    if (!ok) Add(path, absl::StrCat(expected, ", got ", value));
  }
};

void ResolveSplit(Resolver& r);
void ResolveModel(Resolver& r);
void ResolveTask(Resolver& r);  // candidates, budget, max_picks
void ResolveTraining(Resolver& r);
void ResolveSelector(Resolver& r);  // selection_steps, selection_batch
void CheckTolerance(Resolver& r);   // a budget's quality_tolerance with all that is resolved so far
void ResolveEvaluation(Resolver& r);
void ResolveResources(Resolver& r);  // estimate

// Parts of ResolveTask, one per kind of gate.
void ResolveFeatures(Resolver& r, const FeatureSelection& task);
void ResolveChunks(Resolver& r, EmbeddingDimension& task);
void ResolveBlocks(Resolver& r, BlockPruning& task);

// Bounds of a budget: which are allowed, positive, and whether any is given.
void CheckBudget(Resolver& r, const std::string& path, const Budget& budget, bool density_allowed);

// Refuses must-keep candidates above the budget and budgets that hold no candidate, bound by bound,
// with what is needed and by how much that is too much. REQUIRES: there are candidates.
void CheckCandidatesFit(Resolver& r);
// Of a max_count above the number of candidates.
std::string TooManyAsked(int64_t asked, int64_t there, const std::string& what, size_t forbidden);

// "did you mean age?" or the first known names, for a name that is not there.
std::string Suggest(const std::string& name, const std::vector<std::string>& known);

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_RESOLVER_H_
