#include "kernels/nn/masked_layer.h"

#include <algorithm>

#include "kernels/base/status.h"

namespace winnow::nn {
namespace {

// Candidates by embedded input.
const std::vector<int32_t>& InputBases(const gates::WeightFold& fold) {
  return fold.input_base.empty() ? fold.row_base : fold.input_base;
}

}  // namespace

absl::StatusOr<MaskedLayer> MaskedLayer::Create(const gates::WeightFold& fold, int32_t tile_rows) {
  MaskedLayer layer(fold, tile_rows);
  layer.mask_.reserve(static_cast<size_t>(fold.num_candidates));
  layer.live_.assign(InputBases(fold).size(), 1.0f);
  const bool by_row = fold.is_by_row();
  const int64_t elements = static_cast<int64_t>(fold.rows) * fold.columns;
  ASSIGN_OR_RETURN(layer.multipliers_, AlignedBuffer<float>::Create(by_row ? fold.rows : 0));
  ASSIGN_OR_RETURN(layer.folded_, AlignedBuffer<float>::Create(by_row ? 0 : elements));
  ASSIGN_OR_RETURN(layer.run_sums_, AlignedBuffer<float>::Create(layer.gradient_.sum_count()));
  return layer;
}

void MaskedLayer::BeginStep(std::span<const float> mask, std::span<const float> ridge,
                            const float* weights, LayerProducts& products, ShardPool& pool) {
  products_ = &products;
  ridge_ = ridge;
  is_still_ = std::equal(mask_.begin(), mask_.end(), mask.begin(), mask.end());
  if (!is_still_) {
    mask_.assign(mask.begin(), mask.end());
    is_current_ = false;
    FindLiveInputs();
  }
  if (is_current_) return;
  const auto fold_tile = [&](int tile, int) {
    const int32_t begin = tile * tile_rows_, end = std::min(begin + tile_rows_, fold_->rows);
    FoldTile(begin, end, weights);
  };
  pool.Run((fold_->rows + tile_rows_ - 1) / tile_rows_, fold_tile);
  is_current_ = true;
}

void MaskedLayer::FoldTile(int32_t begin, int32_t end, const float* weights) {
  if (!is_masked()) return products_->Pack(fold_->layer, begin, end, weights);
  if (fold_->is_by_row()) {
    float* multipliers = multipliers_.data();
    for (int32_t r = begin; r < end; ++r) multipliers[r] = fold_->row_multiplier(mask_, r);
    return products_->Pack(fold_->layer, begin, end, weights, multipliers);
  }
  gates::FoldRows(*fold_, mask_, begin, end, weights, folded_.data());
  products_->Pack(fold_->layer, begin, end, folded_.data());
}

void MaskedLayer::FindLiveInputs() {
  freezes_inputs_ = false;
  if (!fold_->gates_inputs() || std::find(mask_.begin(), mask_.end(), 0.0f) == mask_.end()) return;
  const std::vector<int32_t>& bases = InputBases(*fold_);
  for (size_t r = 0; r < bases.size(); ++r) {
    const int32_t base = bases[r];
    live_[r] = base < 0 || mask_[base] != 0.0f ? 1.0f : 0.0f;
    freezes_inputs_ = freezes_inputs_ || live_[r] == 0.0f;
  }
}

void MaskedLayer::UpdateTile(int32_t begin, int32_t end, const ops::OptimizerStep& step,
                             float* gradient, const LayerWeights& layer, bool sum, float* scratch) {
  if (sum) gradient_.SumTile(begin, layer.weights, gradient, run_sums_.data());
  gates::UpdateRows(*fold_, mask_, ridge_, begin, end, step, gradient, layer.weights, layer.m,
                    layer.v, scratch);
  if (is_still_) FoldTile(begin, end, layer.weights);
}

}  // namespace winnow::nn
