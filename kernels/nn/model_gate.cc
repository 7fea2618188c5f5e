#include "kernels/nn/model_gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/gates/gate_block.h"
#include "kernels/gates/gate_chunk.h"
#include "kernels/gates/gate_dot.h"
#include "kernels/gates/gate_feature.h"
#include "kernels/plan/model_shape.h"

namespace winnow::nn {
namespace {

std::vector<gates::FieldRows> FieldsOf(const plan::ModelShape& shape, bool numeric,
                                       bool categorical) {
  std::vector<gates::FieldRows> fields;
  for (const plan::InputField& field : shape.fields) {
    if (field.categorical ? !categorical : !numeric) continue;
    fields.push_back({field.column, field.categorical, field.first_row, field.rows});
  }
  return fields;
}

// On the layer that reads the embeddings.
absl::StatusOr<gates::WeightFold> TopFeatureFold(const plan::ModelShape& shape,
                                                 const CandidateSet& candidates,
                                                 const plan::LayerShape& layer) {
  const bool bottom = !shape.bottom_units.empty();
  if (!plan::HasDots(shape)) {
    return gates::MakeFeatureFold(candidates, FieldsOf(shape, /*numeric=*/!bottom, true),
                                  layer.inputs, layer.outputs);
  }
  std::vector<int32_t> vectors;
  if (bottom) vectors.push_back(-1);
  for (const plan::InputField& field : shape.fields) {
    if (field.categorical) vectors.push_back(field.column);
  }
  return gates::MakeDotFold(candidates, vectors, shape.embedding_dimension, layer.outputs);
}

absl::StatusOr<gates::WeightFold> FeatureFold(const plan::ModelShape& shape,
                                              const CandidateSet& candidates) {
  const std::vector<plan::LayerShape> layers = plan::Layers(shape);
  const int32_t top = plan::TopLayer(shape);
  ASSIGN_OR_RETURN(gates::WeightFold fold, TopFeatureFold(shape, candidates, layers[top]));
  fold.layer = top;
  if (top == 0) return fold;
  ASSIGN_OR_RETURN(gates::WeightFold numeric,
                   gates::MakeFeatureFold(candidates, FieldsOf(shape, true, false),
                                          layers[0].inputs, layers[0].outputs));
  fold.others.push_back(std::move(numeric));
  return fold;
}

absl::StatusOr<gates::WeightFold> ChunkFold(const plan::ModelShape& shape,
                                            const CandidateSet& candidates) {
  if (plan::HasDots(shape)) {
    return absl::InvalidArgumentError(
        "chunks of embeddings whose dot products the model takes have no gate");
  }
  const int32_t top = plan::TopLayer(shape);
  const plan::LayerShape layer = plan::Layers(shape)[top];
  ASSIGN_OR_RETURN(gates::WeightFold fold,
                   gates::MakeChunkFold(candidates, FieldsOf(shape, top == 0, true), layer.inputs,
                                        layer.outputs));
  fold.layer = top;
  return fold;
}

absl::StatusOr<gates::WeightFold> BlockFold(const plan::ModelShape& shape,
                                            const CandidateSet& candidates) {
  const std::vector<plan::LayerShape> layers = plan::Layers(shape);
  const int32_t layer = candidates.grid.layer;
  if (layer < 0 || layer >= static_cast<int32_t>(layers.size())) {
    return absl::InvalidArgumentError(absl::StrCat("the model has no layer dense_", layer,
                                                   "; its last is dense_", layers.size() - 1));
  }
  return gates::MakeBlockFold(candidates, layers[layer].inputs, layers[layer].outputs);
}

}  // namespace

absl::StatusOr<gates::WeightFold> MakeFold(const plan::ModelShape& shape,
                                           const CandidateSet& candidates) {
  switch (candidates.gate) {
    case GateKind::kFeature:
      return FeatureFold(shape, candidates);
    case GateKind::kChunk:
      return ChunkFold(shape, candidates);
    case GateKind::kBlock:
      return BlockFold(shape, candidates);
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
