#include "kernels/nn/model_gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/gates/gate_block.h"
#include "kernels/gates/gate_chunk.h"
#include "kernels/gates/gate_feature.h"

namespace winnow::nn {
namespace {

std::vector<gates::FieldRows> FieldsOf(const plan::ModelShape& shape) {
  std::vector<gates::FieldRows> fields;
  for (const plan::InputField& field : shape.fields) {
    fields.push_back({field.column, field.categorical, field.first_row, field.rows});
  }
  return fields;
}

// Inputs and outputs of a dense layer.
absl::StatusOr<std::pair<int32_t, int32_t>> LayerShape(const plan::ModelShape& shape,
                                                       int32_t layer) {
  const auto hidden = static_cast<int32_t>(shape.hidden_units.size());
  if (layer < 0 || layer > hidden) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model has no layer dense_", layer, "; its last is dense_", hidden));
  }
  return std::pair{layer == 0 ? shape.input_width : shape.hidden_units[layer - 1],
                   layer == hidden ? shape.outputs : shape.hidden_units[layer]};
}

}  // namespace

absl::StatusOr<gates::WeightFold> MakeFold(const plan::ModelShape& shape,
                                           const CandidateSet& candidates) {
  const int32_t layer = candidates.gate == GateKind::kBlock ? candidates.grid.layer : 0;
  ASSIGN_OR_RETURN(const auto widths, LayerShape(shape, layer));
  const auto [inputs, outputs] = widths;
  switch (candidates.gate) {
    case GateKind::kFeature:
      return gates::MakeFeatureFold(candidates, FieldsOf(shape), inputs, outputs);
    case GateKind::kChunk:
      return gates::MakeChunkFold(candidates, FieldsOf(shape), inputs, outputs);
    case GateKind::kBlock:
      return gates::MakeBlockFold(candidates, inputs, outputs);
    case GateKind::kCross:
      break;
  }
  return absl::UnimplementedError("the gate of feature crosses is not built yet");
}

void InputRms(const Network& network, std::span<const float> dense_rms,
              std::span<const std::span<const int64_t>> counts, std::span<float> out) {
  size_t dense = 0;
  for (const plan::InputField& field : network.shape().fields) {
    if (field.categorical) continue;
    for (int32_t r = 0; r < field.rows; ++r) out[field.first_row + r] = dense_rms[dense++];
  }
  for (const EmbeddingTable& table : network.embeddings()) {
    const float* values = network.table(table.slot);
    std::vector<double> squares(static_cast<size_t>(table.dimension), 0.0);
    double rows = 0;
    for (int64_t code = 0; code < table.vocabulary; ++code) {
      const auto count = static_cast<double>(counts[table.slot][code]);
      rows += count;
      for (int32_t d = 0; d < table.dimension; ++d) {
        const double value = values[code * table.dimension + d];
        squares[d] += count * value * value;
      }
    }
    for (int32_t d = 0; d < table.dimension; ++d) {
      out[table.first_row + d] = static_cast<float>(std::sqrt(squares[d] / std::max(1.0, rows)));
    }
  }
}

}  // namespace winnow::nn
