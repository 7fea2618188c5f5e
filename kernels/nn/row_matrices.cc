#include "kernels/nn/row_matrices.h"

#include <utility>

#include "kernels/base/status.h"
#include "kernels/ops/simd.h"

namespace winnow::nn {

absl::StatusOr<RowMatrices> RowMatrices::Create(const Network& network, int64_t rows,
                                                bool backward) {
  RowMatrices result;
  const plan::ModelShape& shape = network.shape();
  const bool has_embeddings = !network.embeddings().empty();

  // First the widths, then one allocation, then the places.
  std::vector<std::pair<RowMatrix*, int64_t>> wanted = {{&result.input, shape.input_width}};
  if (has_embeddings) wanted.emplace_back(&result.dense, shape.dense_width);
  result.output.resize(network.layers().size());
  if (backward) result.gradient.resize(network.layers().size());
  for (size_t l = 0; l < network.layers().size(); ++l) {
    wanted.emplace_back(&result.output[l], network.layers()[l].outputs);
    if (backward) wanted.emplace_back(&result.gradient[l], network.layers()[l].outputs);
  }
  if (backward && has_embeddings) wanted.emplace_back(&result.input_gradient, shape.input_width);

  int64_t size = 0;
  for (const auto& [matrix, width] : wanted)
    size += rows * ops::RoundUpToLanes(width) + ops::kLanes;
  ASSIGN_OR_RETURN(result.storage_, AlignedBuffer<float>::Create(size));
  float* next = result.storage_.data();
  for (const auto& [matrix, width] : wanted) {
    matrix->data = next;
    matrix->stride = ops::RoundUpToLanes(width);
    next += rows * matrix->stride + ops::kLanes;
  }
  result.code_stride = static_cast<int64_t>(network.embeddings().size());
  ASSIGN_OR_RETURN(result.codes, AlignedBuffer<int32_t>::Create(rows * result.code_stride));
  ASSIGN_OR_RETURN(result.target, AlignedBuffer<float>::Create(rows));
  ASSIGN_OR_RETURN(result.weight, AlignedBuffer<float>::Create(rows));
  return result;
}

}  // namespace winnow::nn
