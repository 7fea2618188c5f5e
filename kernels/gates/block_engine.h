// The block-sparse engine of a layer under a block gate: forward, backward data, weight gradient
// and optimizer over the blocks whose mask is not 0 (kernels/ops/block_sparse.h).
//
// Rule. The engine is chosen anew whenever a mask comes with other zeros than the one before, by
// the mask and BlockGrid::sparse_saving alone, never by a clock:
//   work   = kept blocks x multiply-adds of a padded block / multiply-adds of the dense layer
//            (a block's columns, and above the first layer, for backward data, its rows, are padded
//            to whole vectors of 16: the worse of the two counts)
//            in bf16 twice that: the kernels work in single precision, at half the dense speed
//   sparse = work <= 1 - sparse_saving, blocks of at most kMaxBlockWidth each way, and nobody reads
//            the gradient of a dropped block's mask
// Rows and columns of blocks that are dropped whole cost nothing, so that a compacted dense product
// would do the same work: there is no third engine for blocks.
//
// The gradient of the mask of a dropped block, sum of W G over the block, takes the product that is
// left out. The pruning selectors never read it (algorithm 1 of arXiv:2402.17902 masks it:
// s_c = M_c g_c), in no phase; a selector that does says so (Selector::needs_dropped_gradient) and
// keeps the dense engine as long as it asks for mask gradients.
//
// What a dropped block's weights and moments hold is not touched. Everything else has in f32, bit
// for bit, the values that the dense engine gives: products and sums run in the same order, and
// UpdateRows of weight_fold.h is the optimizer of both.
#ifndef WINNOW_KERNELS_GATES_BLOCK_ENGINE_H_
#define WINNOW_KERNELS_GATES_BLOCK_ENGINE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/ops/block_sparse.h"
#include "kernels/ops/optimizer.h"

namespace winnow::gates {

// `work` above, and the rule without its last clause; `half`: dense products are in bf16. REQUIRES:
// a block gate's grid.
double SparseWork(const BlockGrid& grid, int64_t kept, bool half = false);
bool IsSparse(const BlockGrid& grid, std::span<const float> mask, bool half = false);

// Allocates when made. THREAD-SAFETY: PackRow and UpdateRow on distinct rows of blocks, after which
// the products may run on any threads.
class BlockEngine {
 public:
  // Nothing when no mask of this fold could be sparse: another gate, blocks too wide, or a grid
  // that never is. `half`: see IsSparse.
  static absl::StatusOr<std::optional<BlockEngine>> Create(const WeightFold& fold,
                                                           bool half = false);

  // Begins a step or a prediction: true when it is sparse. `mask` empty: none. With
  // `dropped_gradient` it never is. O(blocks) when the zeros changed.
  bool Begin(std::span<const float> mask, bool dropped_gradient);
  // True between a Begin that said so and the next.
  bool is_sparse() const { return is_sparse_; }

  // True: mask or weights changed since the rows were packed; pack every row, then say Packed.
  bool needs_packing() const { return !is_current_; }
  // Copies the kept blocks of row p, times their multipliers.
  void PackRow(int32_t p, const float* weights) { blocks_.SetValues(p, mask_, weights); }
  void Packed() { is_current_ = true; }
  int32_t grid_rows() const { return blocks_.shape().grid_rows(); }

  // The weights were written by others than UpdateRows.
  void WeightsChanged() { is_current_ = false; }
  // Ends a sparse step in which all rows went through UpdateRows: it packs rows along while the
  // mask stands still.
  void EndStep() { is_current_ = is_still_; }

  const ops::BlockSparseWeights& blocks() const { return blocks_; }

  // Gradient and optimizer of the kept blocks in rows of blocks that lie in rows [begin, end) of
  // the layer, gradient a o G; with `sum` also the sums of W G for ReduceGradient. `x`, `dz`: the
  // whole batch. `scratch`: scratch_floats(). REQUIRES: begin and end at borders of blocks.
  void UpdateRows(int32_t begin, int32_t end, const ops::OptimizerStep& step, int64_t rows,
                  const float* x, int64_t ldx, const float* dz, int64_t ldz,
                  const LayerParameters& layer, bool sum, float* scratch);
  int64_t scratch_floats() const { return blocks_.gradient_floats(); }
  // d(loss)/d(mask) of kept blocks, 0 for dropped ones.
  void ReduceGradient(std::span<float> gradient) const;

 private:
  BlockEngine(const WeightFold& fold, bool half, ops::BlockSparseWeights blocks);

  BlockGrid grid_;
  bool half_;
  ops::BlockSparseWeights blocks_;
  std::vector<float> mask_;  // of the last sparse step
  std::vector<float> sums_;  // by block: sum of W G
  bool is_sparse_ = false;
  bool is_still_ = false;    // the mask is, bit for bit, that of the sparse step before
  bool is_current_ = false;  // blocks_ holds mask_ times the present weights
};

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_BLOCK_ENGINE_H_
