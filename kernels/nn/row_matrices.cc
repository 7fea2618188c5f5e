#include "kernels/nn/row_matrices.h"

#include <utility>

#include "kernels/base/status.h"
#include "kernels/ops/block_sparse.h"
#include "kernels/ops/simd.h"

namespace winnow::nn {

absl::StatusOr<RowMatrices> RowMatrices::Create(const Network& network, int64_t rows, bool backward,
                                                bool half) {
  RowMatrices result;
  const plan::ModelShape& shape = network.shape();
  const bool has_embeddings = !network.embeddings().empty();
  const bool apart = network.has_bottom() || network.has_dots();  // V is not the input
  result.top_layer_ = network.top_layer();

  // First the widths, then one allocation, then the places.
  std::vector<std::pair<RowMatrix*, int64_t>> wanted = {
      {&result.input, apart ? shape.dense_width : shape.input_width}};
  const int64_t vectors =
      network.has_dots() ? static_cast<int64_t>(network.vector_count()) * network.vector_stride()
                         : shape.interaction_width;
  if (has_embeddings && !apart) wanted.emplace_back(&result.dense, shape.dense_width);
  if (apart) wanted.emplace_back(&result.vectors, vectors);
  if (network.has_dots()) wanted.emplace_back(&result.top, shape.top_inputs);
  result.output.resize(network.layers().size());
  if (backward) result.gradient.resize(network.layers().size());
  for (size_t l = 0; l < network.layers().size(); ++l) {
    wanted.emplace_back(&result.output[l], network.layers()[l].outputs);
    if (backward) wanted.emplace_back(&result.gradient[l], network.layers()[l].outputs);
  }
  const bool wants_gradient = backward && (has_embeddings || network.has_bottom());
  if (wants_gradient) wanted.emplace_back(&result.vector_gradient, vectors);
  if (wants_gradient && network.has_dots()) {
    wanted.emplace_back(&result.top_gradient, shape.top_inputs);
  }

  int64_t size = 0;
  for (const auto& [matrix, width] : wanted) size += rows * ops::PaddedStride(width) + ops::kLanes;
  ASSIGN_OR_RETURN(result.storage_, AlignedBuffer<float>::Create(size));
  float* next = result.storage_.data();
  for (const auto& [matrix, width] : wanted) {
    matrix->data = next;
    matrix->stride = ops::PaddedStride(width);
    next += rows * matrix->stride + ops::kLanes;
  }
  if (half) {
    // Pairs of rows: one more row where their number is odd.
    const int64_t padded_rows = rows + rows % 2;
    int64_t halves = 0;
    for (const auto& [matrix, width] : wanted) {
      halves += (rows + padded_rows) * matrix->stride + 4 * ops::kLanes;
    }
    ASSIGN_OR_RETURN(result.half_storage_, AlignedBuffer<ops::Half>::Create(halves));
    ops::Half* place = result.half_storage_.data();
    for (const auto& [matrix, width] : wanted) {
      matrix->half = place;
      place += rows * matrix->stride + 2 * ops::kLanes;
      matrix->pairs = place;
      place += padded_rows * matrix->stride + 2 * ops::kLanes;
    }
  }
  if (!apart) result.vectors = result.input;
  if (!network.has_dots()) {
    result.top = result.vectors;
    result.top_gradient = result.vector_gradient;
  }
  result.code_stride = static_cast<int64_t>(network.embeddings().size());
  ASSIGN_OR_RETURN(result.codes, AlignedBuffer<int32_t>::Create(rows * result.code_stride));
  ASSIGN_OR_RETURN(result.target, AlignedBuffer<float>::Create(rows));
  ASSIGN_OR_RETURN(result.weight, AlignedBuffer<float>::Create(rows));
  return result;
}

}  // namespace winnow::nn
