// Chunk gate: a candidate multiplies dimensions [begin, end) of one field's embedding.
#ifndef WINNOW_KERNELS_GATES_GATE_CHUNK_H_
#define WINNOW_KERNELS_GATES_GATE_CHUNK_H_

#include <span>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/gates/weight_fold.h"

namespace winnow::gates {

// Dimensions in no chunk, and numeric fields, are not gated. INVALID_ARGUMENT when chunks overlap
// or reach beyond a field's width, or a field is missing or not categorical.
absl::StatusOr<WeightFold> MakeChunkFold(const CandidateSet& candidates,
                                         std::span<const FieldRows> fields, int32_t input_width,
                                         int32_t outputs);

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_GATE_CHUNK_H_
