// Everything of one training, ready for a step.
#ifndef WINNOW_TESTS_UNIT_KERNELS_NN_TRAINING_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_NN_TRAINING_TESTING_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/nn/model_gate.h"
#include "kernels/nn/train_step.h"
#include "kernels/ops/threading.h"
#include "tests/unit/kernels/nn/reference_testing.h"

namespace winnow::nn {

// Plain gradient descent with rate 1: the parameters fall by exactly the gradient.
inline constexpr ops::OptimizerSettings kDescent = {.kind = ops::OptimizerKind::kSgd};

// Everything of one training, without a gate unless candidates are given.
struct Training {
  Training(const plan::ModelShape& shape, LossKind loss, int32_t batch_size, int threads = 1,
           const CandidateSet* candidates = nullptr, ops::OptimizerSettings optimizer = kDescent)
      : network(*Network::Create(shape)), pool(threads, ops::UseOneThread) {
    network.Init(3, "test");
    options.loss = loss;
    options.batch_size = batch_size;
    options.optimizer = optimizer;
    options.seed = 5;
    options.stream = "test";
    if (candidates != nullptr) {
      fold = *MakeFold(shape, *candidates);
      mask.assign(fold.num_candidates, 1.0f);
      mask_gradient.resize(fold.num_candidates);
      has_fold = true;
    }
    input.learning_rate = 1.0;
  }
  // Call once `options` is final.
  void Make() { step = *TrainStep::Create(&network, has_fold ? &fold : nullptr, options, &pool); }
  absl::StatusOr<double> Run(const TestBatch& batch) {
    input.rows = static_cast<int32_t>(batch.rows);
    input.mask = mask;
    input.mask_gradient = mask_gradient;
    return step->Run(input, batch);
  }
  std::vector<float> parameters() const {
    return {network.parameters().begin(), network.parameters().end()};
  }

  Network network;
  ShardPool pool;
  gates::WeightFold fold;
  bool has_fold = false;
  std::vector<float> mask, mask_gradient;
  TrainStepOptions options;
  StepInput input;
  std::unique_ptr<TrainStep> step;
};

}  // namespace winnow::nn

#endif  // WINNOW_TESTS_UNIT_KERNELS_NN_TRAINING_TESTING_H_
