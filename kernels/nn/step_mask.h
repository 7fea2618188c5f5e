// The mask of a training step: the layers it folds into, the engine it is computed by (dense, or
// over the blocks it keeps: kernels/gates/block_engine.h), and its gradient.
//
// A step calls BeginStep, then for every tile of every layer one of UpdateBlocks, UpdateTile or its
// own update, then EndStep.
#ifndef WINNOW_KERNELS_NN_STEP_MASK_H_
#define WINNOW_KERNELS_NN_STEP_MASK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/shard_pool.h"
#include "kernels/gates/block_engine.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/layer_products.h"
#include "kernels/nn/masked_layer.h"
#include "kernels/nn/network.h"
#include "kernels/nn/row_matrices.h"
#include "kernels/nn/step_plan.h"
#include "kernels/ops/optimizer.h"

namespace winnow::nn {

// OWNERSHIP: the fold outlives this. THREAD-SAFETY: the updates of distinct tiles.
class StepMask {
 public:
  // `fold` may be null: then there is never a mask. `half`: products are in bf16.
  static absl::StatusOr<StepMask> Create(const gates::WeightFold* fold, const StepPlan& plan,
                                         bool half);

  // `mask` empty: none; `ridge`: see gates::UpdateRows; `dropped_gradient`: the gradient is wanted
  // where the mask is 0, too. `products` holds the packed weights of the layers below the mask
  // afterwards. Allocates nothing. OWNERSHIP: ridge and products outlive the step.
  void BeginStep(std::span<const float> mask, std::span<const float> ridge, bool dropped_gradient,
                 const Network& network, LayerProducts& products, ShardPool& pool);
  // The weights were written by others than the updates below.
  void WeightsChanged();

  // Does BeginStep pack this layer, with or without a mask?
  bool packs(int32_t layer) const { return layer_of(layer) != nullptr; }
  // True: UpdateBlocks takes the tiles of this layer, without a weight gradient made before.
  bool is_sparse(int32_t layer) const {
    return engine_ && fold_->layer == layer && engine_->is_sparse();
  }
  // True: UpdateTile does. Else the layer has no mask in this step.
  bool is_masked(int32_t layer) const {
    return layer_of(layer) != nullptr && layer_of(layer)->is_masked();
  }

  // Rows [begin, end) of the layer. `sum`: EndStep will be asked for the gradient.
  void UpdateBlocks(int32_t begin, int32_t end, const ops::OptimizerStep& step, int64_t rows,
                    const RowMatrix& x, const RowMatrix& dz, const LayerWeights& weights, bool sum,
                    float* scratch);
  int64_t block_scratch_floats() const { return engine_ ? engine_->scratch_floats() : 0; }
  // See MaskedLayer.
  void UpdateTile(int32_t layer, int32_t begin, int32_t end, const ops::OptimizerStep& step,
                  float* gradient, const LayerWeights& weights, bool sum, float* scratch) {
    layer_of(layer)->UpdateTile(begin, end, step, gradient, weights, sum, scratch);
  }
  // See MaskedLayer; null without a mask.
  const float* live_inputs() const {
    return layers_.empty() ? nullptr : layers_.front().live_inputs();
  }

  // Fills `gradient`, d(loss)/d(mask), unless it is empty.
  void EndStep(std::span<float> gradient);

 private:
  MaskedLayer* layer_of(int32_t layer) const {
    return by_layer_.empty() ? nullptr : by_layer_[layer];
  }
  void BeginBlocks(const Network& network, ShardPool& pool);

  const gates::WeightFold* fold_ = nullptr;
  std::vector<MaskedLayer> layers_;           // of the fold, then of its others
  std::vector<MaskedLayer*> by_layer_;        // null: the mask does not fold into the layer
  std::optional<gates::BlockEngine> engine_;  // of the fold's layer, where its blocks allow one
  std::vector<double> total_;                 // [candidates]
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_STEP_MASK_H_
