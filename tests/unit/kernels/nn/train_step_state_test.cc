// Saved and reset optimizers, and the errors of a step.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

namespace winnow::nn {
namespace {

using test::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(TrainStepResumeTest, SavedOptimizerContinuesBitForBit) {
  const plan::ModelShape shape = MakeShape("ncicn", {20}, 1);
  for (const ops::OptimizerSettings& optimizer :
       {ops::OptimizerSettings{}, ops::OptimizerSettings{.lazy_rows = false},
        ops::OptimizerSettings{.kind = ops::OptimizerKind::kAdagrad,
        .epsilon = ops::kAdagradEpsilon},
        ops::OptimizerSettings{.kind = ops::OptimizerKind::kSgd, .momentum = 0.9}, kDescent}) {
    Training whole(shape, LossKind::kLogistic, 64, 1, nullptr, optimizer);
    Training resumed(shape, LossKind::kLogistic, 64, 1, nullptr, optimizer);
    whole.Make();
    resumed.Make();
    whole.input.learning_rate = resumed.input.learning_rate = 0.01;
    Checkpoint checkpoint;
    for (int step = 0; step < 10; ++step) {
      if (step == 5) {
        whole.network.Save("net", checkpoint);
        whole.step->SaveOptimizer("opt", checkpoint);
        ASSERT_OK(resumed.network.Load("net", checkpoint));
        ASSERT_OK(resumed.step->LoadOptimizer("opt", checkpoint));
      }
      const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 64, step);
      ASSERT_OK(whole.Run(batch));
      if (step < 5) continue;
      ASSERT_OK(resumed.Run(batch));
    }
    EXPECT_EQ(whole.parameters(), resumed.parameters());
  }
}

TEST(TrainStepResumeTest, OptimizerOfAnotherModelIsRefused) {
  Training small(MakeShape("n", {4}, 1), LossKind::kLogistic, 8, 1, nullptr, {});
  Training large(MakeShape("nnnnnnnnn", {40}, 1), LossKind::kLogistic, 8, 1, nullptr, {});
  small.Make();
  large.Make();
  Checkpoint checkpoint;
  small.step->SaveOptimizer("opt", checkpoint);
  EXPECT_THAT(large.step->LoadOptimizer("opt", checkpoint), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(TrainStepResumeTest, ResetForgetsMomentsAndStepNumber) {
  const plan::ModelShape shape = MakeShape("nnn", {8}, 1);
  Training used(shape, LossKind::kLogistic, 32, 1, nullptr, {}),
      fresh(shape, LossKind::kLogistic, 32, 1, nullptr, {});
  used.Make();
  fresh.Make();
  used.input.learning_rate = fresh.input.learning_rate = 0.01;
  for (int step = 0; step < 4; ++step) {
    ASSERT_OK(used.Run(MakeBatch(shape, LossKind::kLogistic, 32, step)));
  }
  fresh.network.CopyFrom(used.network);
  used.step->ResetOptimizer();
  for (int step = 0; step < 3; ++step) {
    const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 32, 50 + step);
    ASSERT_OK(used.Run(batch));
    ASSERT_OK(fresh.Run(batch));
  }
  EXPECT_EQ(used.parameters(), fresh.parameters());
}

TEST(TrainStepErrorTest, LossThatIsNotFiniteNamesStepAndTensorAndLeavesTheParameters) {
  const plan::ModelShape shape = MakeShape("ncn", {8}, 1);
  Training training(shape, LossKind::kLogistic, 32, 1, nullptr, {});
  training.Make();
  training.input.step = 17;
  const std::vector<float> before = training.parameters();

  TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 32, 1);
  batch.dense[5 * 2 + 1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(training.Run(batch),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("training step 17"),
                             HasSubstr("row 5, column 4 of the batch's inputs is nan"))));
  EXPECT_EQ(training.parameters(), before);

  batch = MakeBatch(shape, LossKind::kLogistic, 32, 1);
  batch.target[3] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(training.Run(batch),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the target of row 3 is inf")));

  batch = MakeBatch(shape, LossKind::kLogistic, 32, 1);
  training.network.weights(1)[2] = std::numeric_limits<float>::quiet_NaN();
  training.network.weights(0)[0] = 1e3f;  // so that some unit is active
  training.step->WeightsChanged();
  EXPECT_THAT(training.Run(batch), StatusIs(absl::StatusCode::kInternal,
                                            HasSubstr("element 2 of 'dense_1/weights' is nan")));

  std::fill_n(training.network.weights(1), 8, 3e38f);
  std::fill_n(training.network.bias(0), 8, 1e3f);
  training.step->WeightsChanged();
  EXPECT_THAT(training.Run(batch),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the output of 'dense_1' is")));
}

TEST(TrainStepErrorTest, WrongSizesAreRefused) {
  const plan::ModelShape shape = MakeShape("nn", {4}, 1);
  const CandidateSet candidates = FeatureCandidates(shape);
  Training training(shape, LossKind::kLogistic, 8, 1, &candidates);
  training.Make();
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(training.Run(MakeBatch(shape, LossKind::kLogistic, 9, 1)), StatusIs(invalid));
  training.mask.push_back(1.0f);
  EXPECT_THAT(training.Run(MakeBatch(shape, LossKind::kLogistic, 8, 1)), StatusIs(invalid));

  const auto create = [&](auto change) {
    TrainStepOptions options = training.options;
    change(options);
    return TrainStep::Create(&training.network, nullptr, options, &training.pool).status();
  };
  EXPECT_THAT(create([](auto& o) { o.batch_size = 0; }), StatusIs(invalid));
  EXPECT_THAT(create([](auto& o) { o.dropout = 1.0f; }), StatusIs(invalid));
  EXPECT_THAT(create([](auto& o) { o.input_noise = -1.0f; }), StatusIs(invalid));
  EXPECT_THAT(create([](auto& o) { o.loss = LossKind::kSoftmax; }), StatusIs(invalid));
}

}  // namespace
}  // namespace winnow::nn
