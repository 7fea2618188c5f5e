#include <cstdint>
#include <limits>
#include <variant>

#include "kernels/plan/plan.h"
#include "kernels/plan/resolver.h"

namespace winnow::plan {

// The split may come from outside as a signed number: see SpecFromProto.
void ResolveSplit(Resolver& r) {
  Spec& spec = r.plan.spec;
  if (!spec.split) spec.split = r.profile.split;
  const SplitSpec& split = *spec.split;
  r.Require(split.seed <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), "split.seed",
            absl::StrCat("must be >= 0, got ", static_cast<int64_t>(split.seed)));
  r.RequireRange("split.validation", split.validation,
                 split.validation >= 0 && split.validation < 1, "must be in [0, 1)");
  r.RequireRange("split.test", split.test, split.test >= 0 && split.test < 1, "must be in [0, 1)");
  r.Require(split.validation + split.test < 1, "split",
            "validation and test together must leave rows to train on");
  if (split.kind == SplitSpec::Kind::kFolds) {
    r.RequireRange("split.folds", split.folds, split.folds >= 2, "must be >= 2");
    r.RequireRange("split.fold", split.fold, split.fold >= 0 && split.fold < split.folds,
                   absl::StrCat("must be in [0, ", split.folds, ")"));
  }
  if (!r.violations.empty()) return;
  const SplitCounts rows = CountSplit(r.profile, split);
  r.plan.train_rows = rows.train;
  r.plan.validation_rows = rows.validation;
  r.plan.test_rows = rows.test;
  // Two rows are the least that have a spread.
  r.Require(rows.train >= 2, "split",
            absl::StrCat("leaves ", rows.train, " of ", r.profile.rows,
                         " rows to train on; at least 2 are needed"));
}

Resolution Resolve(const Spec& spec, const DatasetProfile& profile, const Limits& limits) {
  Resolver r{.profile = profile, .limits = limits, .plan = {}, .violations = {}};
  r.plan.spec = spec;
  ResolveSplit(r);
  ResolveModel(r);
  ResolveTask(r);
  ResolveTraining(r);
  ResolveSelector(r);
  CheckTolerance(r);
  ResolveEvaluation(r);
  ResolveResources(r);
  return {std::move(r.plan), std::move(r.violations)};
}

}  // namespace winnow::plan
