// The masked layer of a training from step to step: the mask, its folded weights, its gradient.
//
// W_hat is packed anew at the start of a step when mask or weights changed. While a mask stands
// still, the task that updates a tile of W packs the tile of W_hat along, and the pass is saved.
// W_hat itself is never written where a multiplier belongs to a whole row, only its packed form.
#ifndef WINNOW_KERNELS_NN_MASKED_LAYER_H_
#define WINNOW_KERNELS_NN_MASKED_LAYER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/shard_pool.h"
#include "kernels/gates/mask_gradient.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/layer_products.h"
#include "kernels/ops/optimizer.h"

namespace winnow::nn {

using LayerWeights = gates::LayerParameters;

// OWNERSHIP: the fold outlives this.
class MaskedLayer {
 public:
  static absl::StatusOr<MaskedLayer> Create(const gates::WeightFold& fold, int32_t tile_rows);

  // Begins a step; `products` holds the layer's packed weights afterwards. `mask` empty: none;
  // `ridge`: see gates::UpdateRows. Allocates nothing. OWNERSHIP: products and ridge outlive the
  // step.
  void BeginStep(std::span<const float> mask, std::span<const float> ridge, const float* weights,
                 LayerProducts& products, ShardPool& pool);
  // Ends a step in which every tile went through UpdateTile, or was packed when there is no mask.
  void EndStep() { is_current_ = is_still_; }
  void WeightsChanged() { is_current_ = false; }

  bool is_masked() const { return !mask_.empty(); }
  // 0 where the mask freezes an input (an embedding's dimension) too, else 1; by the field's
  // first_row, or null when the mask freezes no inputs.
  const float* live_inputs() const { return freezes_inputs_ ? live_.data() : nullptr; }

  // Optimizer on rows [begin, end), G = `gradient` of these rows; with `sum`, first the run sums of
  // W G. G is overwritten. `scratch`: a row of floats. REQUIRES: is_masked(). THREAD-SAFETY:
  // distinct tiles.
  void UpdateTile(int32_t begin, int32_t end, const ops::OptimizerStep& step, float* gradient,
                  const LayerWeights& layer, bool sum, float* scratch);
  // Adds this layer's share of d(loss)/d(mask), from the run sums of all tiles.
  void AddGradient(std::span<double> total) const {
    gradient_.AddTo(run_sums_.data(), mask_, total);
  }

 private:
  MaskedLayer(const gates::WeightFold& fold, int32_t tile_rows)
      : fold_(&fold), tile_rows_(tile_rows), gradient_(fold, tile_rows) {}

  void FindLiveInputs();
  void FoldTile(int32_t begin, int32_t end, const float* weights);

  const gates::WeightFold* fold_;
  int32_t tile_rows_;
  LayerProducts* products_ = nullptr;
  gates::MaskGradient gradient_;
  std::vector<float> mask_;  // of this step
  std::span<const float> ridge_;
  std::vector<float> live_;  // [rows, or columns of V: WeightFold::input_base]
  bool freezes_inputs_ = false;
  bool is_still_ = false;             // the mask is that of the step before
  bool is_current_ = false;           // packed: mask_ times the present weights
  AlignedBuffer<float> multipliers_;  // [rows], where a multiplier belongs to a whole row
  AlignedBuffer<float> folded_;       // [rows x columns], elsewhere
  AlignedBuffer<float> run_sums_;     // see gates::MaskGradient
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_MASKED_LAYER_H_
