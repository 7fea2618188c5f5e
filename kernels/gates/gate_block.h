// Block gate: a candidate multiplies one block of a dense layer's weights; block (p, q) is
// candidate p * grid_columns + q. Border blocks are smaller when the shape does not divide.
#ifndef WINNOW_KERNELS_GATES_GATE_BLOCK_H_
#define WINNOW_KERNELS_GATES_GATE_BLOCK_H_

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/gates/weight_fold.h"

namespace winnow::gates {

// INVALID_ARGUMENT when the grid is not that of the layer [inputs x outputs] or its number of
// blocks is not that of the candidates.
absl::StatusOr<WeightFold> MakeBlockFold(const CandidateSet& candidates, int32_t inputs,
                                         int32_t outputs);

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_GATE_BLOCK_H_
