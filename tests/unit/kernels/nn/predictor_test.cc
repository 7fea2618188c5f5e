#include "kernels/nn/predictor.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/nn/model_gate.h"
#include "kernels/ops/threading.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/reference_testing.h"

namespace winnow::nn {
namespace {

using test::StatusIs;

class PredictorTest : public ::testing::TestWithParam<int64_t> {  // rows
 protected:
  PredictorTest() { network_.Init(3, "test"); }

  const int64_t rows_ = GetParam();
  const plan::ModelShape shape_ = MakeShape("ncicn", {33, 20}, 3);
  Network network_ = *Network::Create(shape_);
  const gates::WeightFold fold_ = *MakeFold(shape_, FeatureCandidates(shape_));
  const TestBatch batch_ = MakeBatch(shape_, LossKind::kSoftmax, rows_, 4);
  const std::vector<float> mask_ = {0.5f, 0.0f, 1.0f, 2.0f, 0.25f};
  ShardPool pool_{1, ops::UseOneThread};
};

TEST_P(PredictorTest, LogitsAndLossMatchTheReferenceWithAndWithoutMask) {
  ASSERT_OK_AND_ASSIGN(const auto predictor, Predictor::Create(&network_, &fold_, &pool_));
  for (const bool masked : {true, false}) {
    const std::span<const float> mask =
        masked ? std::span<const float>(mask_) : std::span<const float>();
    const std::vector<double> mask_in_double =
        masked ? std::vector<double>(mask_.begin(), mask_.end()) : std::vector<double>(5, 1.0);
    const ReferenceResult expected =
        Evaluate(network_, ToDouble(network_), &fold_, mask_in_double, LossKind::kSoftmax, batch_);
    std::vector<float> logits(rows_ * 3);
    ASSERT_OK(predictor->Logits(batch_, rows_, mask, std::span<float>(logits)));
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < 3; ++j) {
        // Three products of at most 33 terms of size 1.
        ASSERT_NEAR(logits[i * 3 + j], expected.outputs[i][j], 1e-5);
      }
    }
    double weight = 0;
    for (const float w : batch_.weight) weight += w;
    ASSERT_OK_AND_ASSIGN(const double loss,
                         predictor->MeanLoss(LossKind::kSoftmax, batch_, rows_, mask));
    EXPECT_NEAR(loss, expected.loss * static_cast<double>(rows_) / weight, 1e-5);
  }
}

TEST_P(PredictorTest, ResultsDoNotDependOnThreads) {
  ShardPool many(3, ops::UseOneThread, {true, 5});
  ASSERT_OK_AND_ASSIGN(const auto one, Predictor::Create(&network_, &fold_, &pool_));
  ASSERT_OK_AND_ASSIGN(const auto three, Predictor::Create(&network_, &fold_, &many));
  std::vector<float> a(rows_ * 3), b(rows_ * 3), rms_a(33), rms_b(33);
  ASSERT_OK(one->Logits(batch_, rows_, mask_, std::span<float>(a)));
  ASSERT_OK(three->Logits(batch_, rows_, mask_, std::span<float>(b)));
  EXPECT_EQ(a, b);
  EXPECT_EQ(*one->MeanLoss(LossKind::kSoftmax, batch_, rows_, mask_),
            *three->MeanLoss(LossKind::kSoftmax, batch_, rows_, mask_));
  ASSERT_OK(one->LayerInputRms(1, batch_, rows_, mask_, std::span<float>(rms_a)));
  ASSERT_OK(three->LayerInputRms(1, batch_, rows_, mask_, std::span<float>(rms_b)));
  EXPECT_EQ(rms_a, rms_b);
}

TEST_P(PredictorTest, InputRmsOverRowsIsThatOfTheInputs) {
  ASSERT_OK_AND_ASSIGN(const auto predictor, Predictor::Create(&network_, nullptr, &pool_));
  std::vector<float> rms(shape_.input_width);
  ASSERT_OK(predictor->LayerInputRms(0, batch_, rows_, {}, std::span<float>(rms)));
  // The same from the embedding tables and their counts.
  std::vector<std::vector<int64_t>> counts = {std::vector<int64_t>(6), std::vector<int64_t>(8)};
  double square = 0;
  for (int64_t i = 0; i < rows_; ++i) {
    for (int32_t slot = 0; slot < 2; ++slot) ++counts[slot][batch_.codes[i * 2 + slot]];
    square += std::pow(batch_.dense[i * 4], 2) / static_cast<double>(rows_);
  }
  const std::vector<std::span<const int64_t>> slots = {counts[0], counts[1]};
  std::vector<float> dense_rms(4), expected(shape_.input_width);
  InputRms(network_, dense_rms, slots, expected);
  for (const EmbeddingTable& table : network_.embeddings()) {
    for (int32_t d = 0; d < table.dimension; ++d) {
      EXPECT_NEAR(rms[table.first_row + d], expected[table.first_row + d], 1e-6);
    }
  }
  EXPECT_NEAR(rms[0], std::sqrt(square), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Rows, PredictorTest, ::testing::Values(1, 7, 256, 257, 1000));

TEST(PredictorDlrmTest, LogitsMatchTheReferenceWithAMaskOnTwoLayers) {
  const plan::ModelShape shape =
      MakeDlrm("nciccn", plan::Interaction::kDot, {20, 8}, {33, 20}, 1, 8);
  Network network = *Network::Create(shape);
  network.Init(3, "test");
  ASSERT_OK_AND_ASSIGN(const gates::WeightFold fold, MakeFold(shape, FeatureCandidates(shape)));
  ShardPool pool(1, ops::UseOneThread);
  ASSERT_OK_AND_ASSIGN(const auto predictor, Predictor::Create(&network, &fold, &pool));
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 300, 4);
  const std::vector<float> mask = {0.5f, 0.25f, 1.0f, 2.0f, 0.0f, 0.0f};
  std::vector<float> logits(300);
  for (const bool masked : {true, false}) {
    ASSERT_OK(predictor->Logits(batch, 300, masked ? std::span(mask) : std::span<const float>(),
                                std::span<float>(logits)));
    const ReferenceResult expected = Evaluate(network, ToDouble(network), &fold,
                                              masked ? std::vector<double>(mask.begin(), mask.end())
                                                     : std::vector<double>(mask.size(), 1.0),
                                              LossKind::kLogistic, batch);
    // Five products of at most 33 terms of size 1.
    for (int64_t i = 0; i < 300; ++i) ASSERT_NEAR(logits[i], expected.outputs[i][0], 2e-5);
  }
}

TEST(PredictorErrorTest, WrongSizesAndBadNumbersAreRefused) {
  const plan::ModelShape shape = MakeShape("nn", {4}, 1);
  ASSERT_OK_AND_ASSIGN(Network network, Network::Create(shape));
  ShardPool pool(1, ops::UseOneThread);
  ASSERT_OK_AND_ASSIGN(const auto predictor, Predictor::Create(&network, nullptr, &pool));
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 10, 1);
  std::vector<float> logits(9);
  const std::vector<float> mask = {1.0f, 1.0f};
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(predictor->Logits(batch, 10, {}, std::span<float>(logits)), StatusIs(invalid));
  EXPECT_THAT(predictor->MeanLoss(LossKind::kLogistic, batch, 10, mask), StatusIs(invalid));
  network.bias(1)[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(predictor->MeanLoss(LossKind::kLogistic, batch, 10, {}),
              StatusIs(absl::StatusCode::kInternal, ::testing::HasSubstr("'dense_1/bias'")));
}

}  // namespace
}  // namespace winnow::nn
