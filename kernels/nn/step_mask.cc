#include "kernels/nn/step_mask.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "kernels/base/status.h"

namespace winnow::nn {

absl::StatusOr<StepMask> StepMask::Create(const gates::WeightFold* fold, const StepPlan& plan,
                                          bool half) {
  StepMask mask;
  if (fold == nullptr) return mask;
  mask.fold_ = fold;
  ASSIGN_OR_RETURN(mask.engine_, gates::BlockEngine::Create(*fold, half));
  std::vector<const gates::WeightFold*> folds = {fold};
  for (const gates::WeightFold& other : fold->others) folds.push_back(&other);
  for (const gates::WeightFold* each : folds) {
    ASSIGN_OR_RETURN(MaskedLayer layer, MaskedLayer::Create(*each, plan.tile_rows[each->layer]));
    mask.layers_.push_back(std::move(layer));
  }
  mask.by_layer_.assign(plan.tile_rows.size(), nullptr);
  for (size_t i = 0; i < folds.size(); ++i) mask.by_layer_[folds[i]->layer] = &mask.layers_[i];
  mask.total_.resize(static_cast<size_t>(fold->num_candidates));
  return mask;
}

void StepMask::BeginBlocks(const Network& network, ShardPool& pool) {
  if (!engine_->needs_packing()) return;
  const float* weights = network.weights(fold_->layer);
  const auto pack = [&](int p, int) { engine_->PackRow(p, weights); };
  pool.Run(engine_->grid_rows(), pack);
  engine_->Packed();
}

void StepMask::BeginStep(std::span<const float> mask, std::span<const float> ridge,
                         bool dropped_gradient, const Network& network, LayerProducts& products,
                         ShardPool& pool) {
  if (engine_) {
    const bool is_sparse = engine_->Begin(mask, dropped_gradient);
    products.SetBlocks(fold_->layer, is_sparse ? &engine_->blocks() : nullptr);
    if (is_sparse) return BeginBlocks(network, pool);  // then the fold has no other layer
  }
  for (size_t l = 0; l < by_layer_.size(); ++l) {
    if (by_layer_[l] == nullptr) continue;
    by_layer_[l]->BeginStep(mask, ridge, network.weights(static_cast<int32_t>(l)), products, pool);
  }
}

void StepMask::WeightsChanged() {
  for (MaskedLayer& layer : layers_) layer.WeightsChanged();
  if (engine_) engine_->WeightsChanged();
}

void StepMask::UpdateBlocks(int32_t begin, int32_t end, const ops::OptimizerStep& step,
                            int64_t rows, const RowMatrix& x, const RowMatrix& dz,
                            const LayerWeights& weights, bool sum, float* scratch) {
  engine_->UpdateRows(begin, end, step, rows, x.data, x.stride, dz.data, dz.stride, weights, sum,
                      scratch);
}

void StepMask::EndStep(std::span<float> gradient) {
  if (fold_ == nullptr) return;
  if (is_sparse(fold_->layer)) {
    engine_->EndStep();
    if (!gradient.empty()) engine_->ReduceGradient(gradient);
    return;
  }
  for (MaskedLayer& layer : layers_) layer.EndStep();
  if (gradient.empty()) return;
  std::fill(total_.begin(), total_.end(), 0.0);
  for (const MaskedLayer& layer : layers_) layer.AddGradient(total_);
  std::copy(total_.begin(), total_.end(), gradient.begin());
}

}  // namespace winnow::nn
