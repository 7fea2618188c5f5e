// How many models of a job are trained side by side: the retrain, its controls and the sizes of the
// curve, over the same batches; repeats of the selection; selections that a parameter is chosen by.
#ifndef WINNOW_KERNELS_PLAN_LOCKSTEP_H_
#define WINNOW_KERNELS_PLAN_LOCKSTEP_H_

#include <cstdint>

#include "kernels/plan/plan.h"

namespace winnow::plan {

// The search for the smallest subset within a quality_tolerance (kernels/train/tolerance_search.h):
// so many rounds of so many sizes, at most.
inline constexpr int32_t kToleranceRounds = 3;
inline constexpr int64_t kSizesPerRound = 8;

// Most memory that models side by side may take, and most of them. A model that is too large for
// company keeps all threads busy by itself.
inline constexpr int64_t kLockstepBytes = int64_t{128} << 20;
inline constexpr int64_t kMostLockstepModels = 16;
// Of the batches that they share, unless two batches are more.
inline constexpr int64_t kSharedBatchBytes = int64_t{4} << 20;

// Memory of one of them in bytes, no smaller than that of any model of the plan: parameters, their
// moments and best epoch, packed weights, activations. REQUIRES: training is resolved.
int64_t LockstepModelBytes(const Plan& plan);

// 1 .. kMostLockstepModels; 1: one after the other.
int64_t LockstepModels(const Plan& plan);

// Most models that would be trained together if memory allowed.
int64_t MostTogether(const Plan& plan);

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_LOCKSTEP_H_
