// Feature gate of a model with dot products: a candidate multiplies the vectors of its fields.
//
// Vectors v_0 .. v_{n-1} of d values, each with the multiplier a_f of its field's candidate (1:
// none, as for the bottom layers' output). The layer reads T = [v_0, <v_i, v_j> for i > j], so
//   rows 0 .. d-1             multiplier a_0
//   row d + i(i-1)/2 + j      multiplier a_i a_j
// fold into its weights, and no vector is scaled. a_f = 0 makes all rows of the field 0, so its
// embedding has gradient 0; `input_base` names the candidate of every column of V = [v_0, ...], so
// that the rows of its table are left alone altogether.
#ifndef WINNOW_KERNELS_GATES_GATE_DOT_H_
#define WINNOW_KERNELS_GATES_GATE_DOT_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/gates/weight_fold.h"

namespace winnow::gates {

// `vectors`: the column of each vector, -1 for one that no candidate may gate. Candidates may name
// columns without a vector. INVALID_ARGUMENT when a column is in two candidates.
absl::StatusOr<WeightFold> MakeDotFold(const CandidateSet& candidates,
                                       std::span<const int32_t> vectors, int32_t dimension,
                                       int32_t outputs);

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_GATE_DOT_H_
