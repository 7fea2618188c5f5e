// One training step: forward, loss, backward and optimizer in three phases with one barrier each.
//
//   rows      tasks = row blocks of max(64, ceil(B/8) rounded up to 16) rows: gather, all forward
//             layers, loss, all backward-data of the block
//   outputs   tasks = row tiles of every weight gradient over the whole batch (X^T dZ), one per
//             bias, one per embedding table or range of its rows; each updates what it owns: the
//             optimizer is fused and packs what it changed for the products of the next step
//   pack      before the rows phase: row tiles of the masked layer, only when mask or weights
//             changed since they were last packed; other layers when weights came from outside
// Task lists depend on the model's shape and the batch size alone; any thread may take any task; no
// task reads what another one of its phase writes. So the bytes of all parameters, the loss and the
// mask gradient are the same for any number of threads.
//
// The loss of a batch is (1/rows) sum_i weight_i loss_i.
#ifndef WINNOW_KERNELS_NN_TRAIN_STEP_H_
#define WINNOW_KERNELS_NN_TRAIN_STEP_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/shard_pool.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/batch_source.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/nn/network.h"
#include "kernels/ops/optimizer.h"

namespace winnow::nn {

struct TrainStepOptions {
  LossKind loss = LossKind::kLogistic;
  ops::OptimizerSettings optimizer;
  int32_t batch_size = 0;  // most rows of a step; row blocks are cut by it
  // Gaussian noise of this standard deviation on numeric values (not on missing indicators), drawn
  // by (step, row, column).
  float input_noise = 0.0f;
  // Hidden units are zeroed with this probability, the others divided by 1 - p; drawn by (step,
  // row, layer, unit). In [0, 1).
  float dropout = 0.0f;
  // Dense layers of more than one output multiply bf16 operands (weights, activations, gradients)
  // and add up in f32; parameters, optimizer, losses and embeddings stay in f32.
  bool half_products = false;
  uint64_t seed = 0;
  std::string stream;  // fixed name such as "select"; draws from "<stream>/noise", "/dropout"
};

struct StepInput {
  int64_t step = 0;  // of this training, from 0: names the draws of noise and dropout
  int32_t rows = 0;  // 1 .. batch_size
  double learning_rate = 0;
  double weight_decay = 0;            // decoupled, dense weights (never biases)
  double embedding_weight_decay = 0;  // decoupled, embedding rows of the batch
  // Multiplier of every candidate; empty: no mask, all 1. REQUIRES: a fold when not empty.
  std::span<const float> mask;
  // Adds ridge_c W_c to the gradient of candidate c's weights (before the optimizer, unlike
  // weight_decay). Empty: none. Needs `mask`; not for block gates.
  std::span<const float> ridge;
  // Filled with d(loss)/d(mask_c) when not empty; needs `mask`.
  std::span<float> mask_gradient;
  // False: mask_gradient is not wanted where the mask is 0; it may be 0 there. See
  // kernels/gates/block_engine.h.
  bool dropped_gradient = true;
};

// Allocates everything when made; a step allocates nothing and takes no lock.
// OWNERSHIP: network, fold and pool outlive this; the network's parameters may be read, or replaced
// (then say WeightsChanged), between steps. THREAD-SAFETY: none.
class TrainStep {
 public:
  // `fold` may be null: then no step has a mask.
  // INVALID_ARGUMENT for options out of range; FAILED_PRECONDITION for bf16 on a CPU without it;
  // RESOURCE_EXHAUSTED without memory.
  static absl::StatusOr<std::unique_ptr<TrainStep>> Create(Network* network,
                                                           const gates::WeightFold* fold,
                                                           const TrainStepOptions& options,
                                                           ShardPool* pool);
  ~TrainStep();

  // Returns the batch's mean loss before the update. INTERNAL when it is not finite, naming step
  // and tensor: the parameters are then those from before the step.
  absl::StatusOr<double> Run(const StepInput& input, const BatchSource& source);

  // The parameters were written from outside.
  void WeightsChanged();

  // Moments 0, step number 0.
  void ResetOptimizer();
  void SaveOptimizer(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status LoadOptimizer(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  struct Impl;
  explicit TrainStep(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_TRAIN_STEP_H_
