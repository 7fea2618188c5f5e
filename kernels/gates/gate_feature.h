// Feature gate: a candidate multiplies all inputs of its columns: a numeric value with its missing
// indicator, or all dimensions of an embedding; of several columns when the candidate is a group.
#ifndef WINNOW_KERNELS_GATES_GATE_FEATURE_H_
#define WINNOW_KERNELS_GATES_GATE_FEATURE_H_

#include <span>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/gates/weight_fold.h"

namespace winnow::gates {

// Fields whose column is in no candidate are not gated. Candidates may name columns without a
// field. INVALID_ARGUMENT when a column is in two candidates. REQUIRES: fields lie inside
// [0, input_width).
absl::StatusOr<WeightFold> MakeFeatureFold(const CandidateSet& candidates,
                                           std::span<const FieldRows> fields, int32_t input_width,
                                           int32_t outputs);

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_GATE_FEATURE_H_
