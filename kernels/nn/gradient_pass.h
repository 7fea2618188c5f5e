// Gradients by row, without an update: what the loss of each row says about its inputs.
//
//   R      = d loss_n / d logits                    [rows x outputs]   weighted as the loss is
//   delta  = d loss_n / d (x o a) = dZ_0 W_0^T      [rows x input_width], W_0 without the mask
// where a is the mask of a feature or chunk gate. With it, for candidate c with inputs I_c,
//   d loss / d a_c = sum_n sum_{r in I_c} x_nr delta_nr.
#ifndef WINNOW_KERNELS_NN_GRADIENT_PASS_H_
#define WINNOW_KERNELS_NN_GRADIENT_PASS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/shard_pool.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/batch_source.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/nn/network.h"
#include "kernels/nn/row_matrices.h"

namespace winnow::nn {

// Rows [begin, end) of the source stand at rows 0 .. end - begin - 1 of the matrices.
struct GradientBlock {
  int64_t index = 0, begin = 0, end = 0;
  const RowMatrices* rows = nullptr;  // x = input, R = gradient.back(), codes, weights
  RowMatrix delta;                    // null unless asked for
};

// Blocks are those of Predictor, so results that are summed block by block in block order do not
// depend on the number of threads. OWNERSHIP: network, fold and pool outlive this.
// THREAD-SAFETY: none.
class GradientPass {
 public:
  // UNIMPLEMENTED for a block gate, which does not stand at the inputs, and for models with bottom
  // layers or dot products, whose first layer does not read all of them.
  static absl::StatusOr<std::unique_ptr<GradientPass>> Create(const Network* network,
                                                              const gates::WeightFold* fold,
                                                              ShardPool* pool);
  ~GradientPass();

  // Calls `use` once per block, from any thread of the pool.
  absl::Status Run(LossKind loss, const BatchSource& source, int64_t rows,
                   std::span<const float> mask, bool with_delta,
                   const std::function<void(const GradientBlock&)>& use);

 private:
  struct Impl;
  explicit GradientPass(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_GRADIENT_PASS_H_
