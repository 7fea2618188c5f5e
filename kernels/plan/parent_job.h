// What a job must have in common with the earlier one that it starts from.
#ifndef WINNOW_KERNELS_PLAN_PARENT_JOB_H_
#define WINNOW_KERNELS_PLAN_PARENT_JOB_H_

#include <optional>
#include <string>
#include <vector>

#include "kernels/plan/plan.h"

namespace winnow::plan {

struct ParentJob {
  std::string name;  // tenants/{tenant}/jobs/{job}
  Spec spec;         // resolved
  // Of its target; empty for regression. Absent: not known, then the worker alone compares.
  std::optional<std::vector<std::string>> classes;
};

// Fills what `spec` leaves open of the model with the parent's, when both have the same kind of
// model. Before Resolve.
void AdoptModel(const ParentJob& parent, Spec& spec);

// What keeps the job from starting from its parent: another task, another kind of model, layers or
// embeddings of other widths, other classes of the target.
std::vector<Violation> CheckParent(const Plan& plan, const DatasetProfile& profile,
                                   const ParentJob& parent);

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_PARENT_JOB_H_
