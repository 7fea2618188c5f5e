// What a job will need of memory.
#ifndef WINNOW_KERNELS_PLAN_MEMORY_ESTIMATE_H_
#define WINNOW_KERNELS_PLAN_MEMORY_ESTIMATE_H_

#include <cstdint>

#include "kernels/base/dataset_profile.h"
#include "kernels/plan/plan.h"

namespace winnow::plan {

// Peak of a worker's anonymous memory in bytes, never less and rarely more than twice as much. It
// grows with the model, the batch and the vocabularies; with the rows of the table by 4 bytes a row
// up to the size of a large table (large_table.h), and by half a byte beyond.
// REQUIRES: training and selector are resolved.
int64_t EstimateMemory(const Plan& plan, const DatasetProfile& profile);

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_MEMORY_ESTIMATE_H_
