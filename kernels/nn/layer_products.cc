#include "kernels/nn/layer_products.h"

#include <algorithm>
#include <utility>

#include "kernels/base/status.h"
#include "kernels/ops/dense.h"

namespace winnow::nn {
namespace {

// Numeric columns between two embeddings whose gradient is computed along rather than the product
// being cut in two: a product of 16 columns costs about what a call costs.
constexpr int32_t kMaxGap = 16;

// Fills both bf16 layouts of rows [begin, end) of a matrix, or that of pairs alone.
void Round(int64_t begin, int64_t end, int64_t width, const RowMatrix& m, bool by_rows) {
  ops::RoundRows(end - begin, width, m.row(begin), m.stride, by_rows ? m.half_row(begin) : nullptr,
                 m.pairs + begin * m.stride, m.stride);
}

struct ColumnRange {
  int32_t begin = 0, end = 0;
};

// Inputs of the first top layer whose gradient is wanted.
std::vector<ColumnRange> GradientColumns(const Network& network) {
  if (network.has_bottom() || network.has_dots()) return {{0, network.shape().top_inputs}};
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

absl::StatusOr<LayerProducts::Weights> LayerProducts::Weights::Create(int64_t inner,
                                                                      int64_t columns, bool half) {
  Weights weights;
  weights.exists = true;
  weights.is_half = half;
  if (half) {
    ASSIGN_OR_RETURN(weights.half, ops::PackedHalfMatrix::Create(inner, columns));
  } else {
    ASSIGN_OR_RETURN(weights.single, ops::PackedMatrix::Create(inner, columns));
  }
  return weights;
}

void LayerProducts::Weights::PackRows(int64_t begin, int64_t end, const float* b, int64_t ldb,
                                      const float* scales) {
  is_half ? half.PackRows(begin, end, b, ldb, scales) : single.PackRows(begin, end, b, ldb, scales);
}

void LayerProducts::Weights::PackColumns(int64_t begin, int64_t end, const float* bt, int64_t ldb,
                                         const float* scales) {
  is_half ? half.PackColumns(begin, end, bt, ldb, scales)
          : single.PackColumns(begin, end, bt, ldb, scales);
}

void LayerProducts::Weights::Multiply(int64_t begin, int64_t end, const RowMatrix& a, float* c,
                                      int64_t ldc, const ops::ProductEnd& finish) const {
  if (is_half) {
    half.Multiply(end - begin, a.half_row(begin), a.stride, c, ldc, finish);
  } else {
    single.Multiply(end - begin, a.row(begin), a.stride, c, ldc, finish);
  }
}

absl::StatusOr<LayerProducts> LayerProducts::Create(const Network& network, bool backward,
                                                    bool half) {
  LayerProducts products;
  products.network_ = &network;
  products.backward_.resize(network.layers().size());
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const DenseLayer& layer = network.layers()[l];
    const bool layer_half = half && layer.outputs > 1;
    ASSIGN_OR_RETURN(Weights forward, Weights::Create(layer.inputs, layer.outputs, layer_half));
    products.forward_.push_back(std::move(forward));
    if (!backward || l == 0 || static_cast<int32_t>(l) == network.top_layer()) continue;
    ASSIGN_OR_RETURN(products.backward_[l],
                     Weights::Create(layer.outputs, layer.inputs, layer_half));
  }
  if (!backward) return products;
  const int32_t top = network.top_layer();
  const int64_t outputs = network.layers()[top].outputs;
  for (const ColumnRange& range : GradientColumns(network)) {
    ASSIGN_OR_RETURN(Weights product,
                     Weights::Create(outputs, range.end - range.begin, products.is_half(top)));
    products.input_runs_.push_back({range.begin, range.end, std::move(product)});
  }
  return products;
}

void LayerProducts::Pack(int32_t layer, int32_t begin, int32_t end, const float* weights,
                         const float* multipliers) {
  const int64_t ld = network_->layers()[layer].outputs;
  const auto scales = [multipliers](int32_t row) {
    return multipliers == nullptr ? nullptr : multipliers + row;
  };
  const float* rows = weights + begin * ld;
  forward_[layer].PackRows(begin, end, rows, ld, scales(begin));
  if (backward_[layer].exists) backward_[layer].PackColumns(begin, end, rows, ld, scales(begin));
  if (layer != network_->top_layer()) return;
  for (InputRun& run : input_runs_) {
    const int32_t first = std::max(begin, run.begin), last = std::min(end, run.end);
    if (first >= last) continue;
    run.product.PackColumns(first - run.begin, last - run.begin, weights + first * ld, ld,
                            scales(first));
  }
}

void LayerProducts::Pack(int32_t layer, const float* weights) {
  Pack(layer, 0, network_->layers()[layer].inputs, weights);
}

void LayerProducts::Forward(int32_t layer, int64_t begin, int64_t end, const RowMatrix& in,
                            const RowMatrix& out, const ops::ProductEnd& finish) const {
  if (const ops::BlockSparseWeights* kept = blocks(layer)) {
    return kept->Forward(end - begin, in.row(begin), in.stride, out.row(begin), out.stride, finish);
  }
  if (is_half(layer)) Round(begin, end, network_->layers()[layer].inputs, in, /*by_rows=*/true);
  forward_[layer].Multiply(begin, end, in, out.row(begin), out.stride, finish);
}

void LayerProducts::BackwardData(int32_t layer, int64_t begin, int64_t end, const RowMatrix& dz,
                                 const RowMatrix& dh, const RowMatrix& active, float scale) const {
  ops::ProductEnd finish;
  finish.active = active.row(begin);
  finish.active_stride = active.stride;
  finish.scale = scale;
  if (const ops::BlockSparseWeights* kept = blocks(layer)) {
    return kept->BackwardData(end - begin, dz.row(begin), dz.stride, dh.row(begin), dh.stride,
                              finish);
  }
  if (is_half(layer)) Round(begin, end, network_->layers()[layer].outputs, dz, /*by_rows=*/true);
  backward_[layer].Multiply(begin, end, dz, dh.row(begin), dh.stride, finish);
}

void LayerProducts::InputGradient(int64_t begin, int64_t end, const RowMatrix& dz,
                                  const RowMatrix& dx) const {
  const int32_t top = network_->top_layer();
  if (const ops::BlockSparseWeights* kept = blocks(top)) {
    // All columns at once, where any is wanted.
    if (input_runs_.empty()) return;
    return kept->BackwardData(end - begin, dz.row(begin), dz.stride, dx.row(begin), dx.stride);
  }
  if (is_half(top)) {
    Round(begin, end, network_->layers()[top].outputs, dz, /*by_rows=*/!input_runs_.empty());
  }
  for (const InputRun& run : input_runs_) {
    run.product.Multiply(begin, end, dz, dx.row(begin) + run.begin, dx.stride, {});
  }
}

void LayerProducts::EndBottom(int64_t begin, int64_t end, const RowMatrix& dz) const {
  if (is_half(0)) Round(begin, end, network_->layers()[0].outputs, dz, /*by_rows=*/false);
}

void LayerProducts::WeightGradient(int32_t layer, int32_t begin, int32_t end, int64_t rows,
                                   const RowMatrix& in, const RowMatrix& dz,
                                   float* gradient) const {
  const int64_t outputs = network_->layers()[layer].outputs;
  if (is_half(layer)) {
    ops::HalfWeightGradient(rows, end - begin, outputs, in.pairs + 2 * begin, in.stride, dz.pairs,
                            dz.stride, gradient);
  } else {
    ops::DenseWeightGradient(rows, end - begin, outputs, in.data + begin, in.stride, dz.data,
                             dz.stride, gradient);
  }
}

}  // namespace winnow::nn
