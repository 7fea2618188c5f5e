#include "kernels/nn/layer_products.h"

#include <algorithm>
#include <utility>

#include "kernels/base/status.h"

namespace winnow::nn {
namespace {

// Numeric columns between two embeddings whose gradient is computed along rather than the product
// being cut in two: a product of 16 columns costs about what a call costs.
constexpr int32_t kMaxGap = 16;

struct ColumnRange {
  int32_t begin = 0, end = 0;
};

std::vector<ColumnRange> EmbeddingColumns(const Network& network) {
  std::vector<ColumnRange> ranges;
  for (const EmbeddingTable& table : network.embeddings()) {
    const int32_t begin = table.first_row, end = table.first_row + table.dimension;
    if (!ranges.empty() && begin - ranges.back().end <= kMaxGap) {
      ranges.back().end = end;
    } else {
      ranges.push_back({begin, end});
    }
  }
  return ranges;
}

}  // namespace

absl::StatusOr<LayerProducts> LayerProducts::Create(const Network& network, bool backward) {
  LayerProducts products;
  products.network_ = &network;
  products.backward_.resize(network.layers().size());
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const DenseLayer& layer = network.layers()[l];
    ASSIGN_OR_RETURN(ops::PackedMatrix forward,
                     ops::PackedMatrix::Create(layer.inputs, layer.outputs));
    products.forward_.push_back(std::move(forward));
    if (!backward || l == 0) continue;
    ASSIGN_OR_RETURN(products.backward_[l], ops::PackedMatrix::Create(layer.outputs, layer.inputs));
  }
  if (!backward) return products;
  for (const ColumnRange& range : EmbeddingColumns(network)) {
    ASSIGN_OR_RETURN(
        ops::PackedMatrix product,
        ops::PackedMatrix::Create(network.layers()[0].outputs, range.end - range.begin));
    products.input_runs_.push_back({range.begin, range.end, std::move(product)});
  }
  return products;
}

void LayerProducts::Pack(int32_t layer, int32_t begin, int32_t end, const float* weights) {
  const int64_t ld = network_->layers()[layer].outputs;
  const float* rows = weights + begin * ld;
  forward_[layer].PackRows(begin, end, rows, ld);
  if (backward_[layer].inner() > 0) backward_[layer].PackColumns(begin, end, rows, ld);
  if (layer > 0) return;
  for (InputRun& run : input_runs_) {
    const int32_t first = std::max(begin, run.begin), last = std::min(end, run.end);
    if (first >= last) continue;
    run.product.PackColumns(first - run.begin, last - run.begin, weights + first * ld, ld);
  }
}

void LayerProducts::Pack(int32_t layer, const float* weights) {
  Pack(layer, 0, network_->layers()[layer].inputs, weights);
}

void LayerProducts::Forward(int32_t layer, int64_t begin, int64_t end, const RowMatrix& in,
                            const RowMatrix& out, const ops::ProductEnd& finish) const {
  forward_[layer].Multiply(end - begin, in.row(begin), in.stride, out.row(begin), out.stride,
                           finish);
}

void LayerProducts::BackwardData(int32_t layer, int64_t begin, int64_t end, const RowMatrix& dz,
                                 const RowMatrix& dh, const RowMatrix& active, float scale) const {
  ops::ProductEnd finish;
  finish.active = active.row(begin);
  finish.active_stride = active.stride;
  finish.scale = scale;
  backward_[layer].Multiply(end - begin, dz.row(begin), dz.stride, dh.row(begin), dh.stride,
                            finish);
}

void LayerProducts::InputGradient(int64_t begin, int64_t end, const RowMatrix& dz,
                                  const RowMatrix& dx) const {
  for (const InputRun& run : input_runs_) {
    run.product.Multiply(end - begin, dz.row(begin), dz.stride, dx.row(begin) + run.begin,
                         dx.stride, {});
  }
}

}  // namespace winnow::nn
