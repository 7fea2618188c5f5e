#include <cmath>

#include "kernels/plan/resolver.h"
#include "kernels/selectors/registry.h"

namespace winnow::plan {

void CheckTolerance(Resolver& r) {
  const Budget& budget = r.plan.budget;
  if (!budget.quality_tolerance) return;
  const std::string path = r.plan.task + ".budget.quality_tolerance";
  const double tolerance = *budget.quality_tolerance;
  r.RequireRange(path, tolerance, tolerance >= 0 && std::isfinite(tolerance), "must be >= 0");
  r.Require(r.plan.task != "block_pruning", path,
            "is for feature_selection and embedding_dimension; use density or max_count");
  r.Require(r.plan.validation_rows > 0, path,
            "is a loss on validation rows, and the split has none");
  r.Require(r.plan.training_steps > 0, path, "compares trained models; training has no steps");
  const selectors::Row* row = selectors::FindSelector(r.plan.spec.selector.name);
  const bool bounded = budget.max_count || budget.density || LimitsCosts(budget);
  r.Require(row == nullptr || !row->trains_the_model || bounded, path,
            absl::StrCat("needs a max_count or max_bytes beside it for selector.",
                         r.plan.spec.selector.name, ", which prunes down to a budget"));
}

}  // namespace winnow::plan
