// From a model and its candidates to the place where the mask multiplies.
#ifndef WINNOW_KERNELS_NN_MODEL_GATE_H_
#define WINNOW_KERNELS_NN_MODEL_GATE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/network.h"
#include "kernels/plan/plan.h"

namespace winnow::nn {

// Feature and chunk gates: rows of dense_0, of dlrm those of the first top layer and, for numeric
// fields, of the first bottom layer; block gate: the layer of the grid. Fields in no candidate are
// never gated. INVALID_ARGUMENT when candidates and model do not fit together;
// UNIMPLEMENTED for the cross gate.
absl::StatusOr<gates::WeightFold> MakeFold(const plan::ModelShape& shape,
                                           const CandidateSet& candidates);

// out[r] = root mean square of input row r of dense_0 over training rows: numeric inputs from
// `dense_rms` [dense_width], embedding dimensions from the table weighted by how often each code
// occurs. counts[slot][code], one span per categorical field of the model. out: [input_width].
// REQUIRES: a model without bottom layers and dot products.
void InputRms(const Network& network, std::span<const float> dense_rms,
              std::span<const std::span<const int64_t>> counts, std::span<float> out);

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_MODEL_GATE_H_
