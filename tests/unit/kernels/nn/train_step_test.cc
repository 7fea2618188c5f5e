#include "kernels/nn/train_step.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/ops/half.h"
#include "kernels/ops/noise.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

namespace winnow::nn {
namespace {

// Compares loss, gradients and mask gradient of one step with the reference.
void ExpectStepMatchesReference(Training& training, const TestBatch& batch,
                                const ReferenceNoise& noise = {}) {
  const Tensors before = ToDouble(training.network);
  const std::vector<double> mask(training.mask.begin(), training.mask.end());
  const ReferenceResult expected =
      Evaluate(training.network, before, training.has_fold ? &training.fold : nullptr, mask,
               training.options.loss, batch, noise);
  ASSERT_OK_AND_ASSIGN(const double loss, training.Run(batch));
  // Single precision, u = 6e-8: sums over at most 1,000 terms through at most three layers, 1e-4 of
  // the largest gradient. Absolute: the parameters, from whose difference the gradient is read, are
  // of size 1; so is p in p - 1 of a confident row, times weight and activation of up to 10.
  EXPECT_NEAR(loss, expected.loss, 1e-5 * (1 + std::fabs(expected.loss)));
  const std::vector<TensorView> tensors = training.network.Tensors();
  for (size_t t = 0; t < tensors.size(); ++t) {
    double largest = 0;
    for (const double g : expected.gradient[t]) largest = std::fmax(largest, std::fabs(g));
    for (size_t e = 0; e < tensors[t].values.size(); ++e) {
      const double gradient = before[t][e] - tensors[t].values[e];
      ASSERT_NEAR(gradient, expected.gradient[t][e], 1e-4 * largest + 1e-6)
          << tensors[t].name << " " << e;
    }
  }
  double largest = 0;
  for (const double g : expected.mask_gradient) largest = std::fmax(largest, std::fabs(g));
  for (size_t c = 0; c < expected.mask_gradient.size(); ++c) {
    ASSERT_NEAR(training.mask_gradient[c], expected.mask_gradient[c], 1e-4 * largest) << c;
  }
}

struct GradientCase {
  std::string name;
  plan::ModelShape shape;
  LossKind loss;
  std::function<CandidateSet(const plan::ModelShape&)> candidates;  // empty: no gate

  friend void PrintTo(const GradientCase& c, std::ostream* out) { *out << c.name; }
};

class TrainStepGradientTest : public ::testing::TestWithParam<GradientCase> {};

TEST_P(TrainStepGradientTest, MatchesTheReferenceForOddNumbersOfRows) {
  const GradientCase& c = GetParam();
  for (const int32_t rows : {1, 7, 67, 100, 150}) {
    CandidateSet candidates;
    if (c.candidates) candidates = c.candidates(c.shape);
    Training training(c.shape, c.loss, 150, 1, c.candidates ? &candidates : nullptr);
    for (size_t i = 0; i < training.mask.size(); ++i) training.mask[i] = 0.25f * (i % 4);
    training.Make();
    SCOPED_TRACE(rows);
    const TestBatch batch = MakeBatch(c.shape, c.loss, rows, 11);
    ExpectStepMatchesReference(training, batch);
    ExpectStepMatchesReference(training, batch);  // the same mask: folded along with the update
    std::reverse(training.mask.begin(), training.mask.end());
    ExpectStepMatchesReference(training, batch);
  }
}

plan::ModelShape DotModel() {
  return MakeDlrm("nciccn", plan::Interaction::kDot, {33, 16}, {40, 19}, 1, 16);
}

INSTANTIATE_TEST_SUITE_P(
    Models, TrainStepGradientTest,
    ::testing::Values(
        GradientCase{"LinearLogistic", MakeShape("ncicn", {}, 1), LossKind::kLogistic, {}},
        GradientCase{"LinearSoftmax", MakeShape("nnnin", {}, 20), LossKind::kSoftmax, {}},
        GradientCase{"MlpLogistic", MakeShape("ncicn", {67}, 1), LossKind::kLogistic, {}},
        GradientCase{"MlpSoftmax", MakeShape("cnnic", {33, 17}, 10), LossKind::kSoftmax, {}},
        GradientCase{"MlpSquared", MakeShape("nnc", {5, 40}, 1), LossKind::kSquared, {}},
        GradientCase{
            "NumericOnly", MakeShape(std::string(100, 'n'), {67}, 10), LossKind::kSoftmax, {}},
        GradientCase{"CategoricalOnly", MakeShape("ccccc", {21}, 1, 7), LossKind::kLogistic, {}},
        GradientCase{"FeatureGate", MakeShape("ncicn", {67}, 3), LossKind::kSoftmax,
                     &FeatureCandidates},
        GradientCase{"FeatureGateLinear", MakeShape("ncicn", {}, 1), LossKind::kLogistic,
                     &FeatureCandidates},
        GradientCase{"ChunkGate", MakeShape("ncicn", {67}, 1, 5), LossKind::kLogistic,
                     &ChunkCandidates},
        GradientCase{"DlrmDot", DotModel(), LossKind::kLogistic, {}},
        GradientCase{"DlrmDotFeatureGate", DotModel(), LossKind::kLogistic, &FeatureCandidates},
        GradientCase{
            "DlrmDotWide",
            MakeDlrm("ncccccccccccccccccccci", plan::Interaction::kDot, {20, 18}, {40}, 1, 18),
            LossKind::kLogistic, &FeatureCandidates},
        GradientCase{"DlrmDotWithoutNumbers",
                     MakeDlrm("cccc", plan::Interaction::kDot, {}, {33}, 3, 7), LossKind::kSoftmax,
                     &FeatureCandidates},
        GradientCase{"DlrmDotOfOneVector",
                     MakeDlrm("nni", plan::Interaction::kDot, {9, 5}, {21}, 1, 5),
                     LossKind::kSquared, &FeatureCandidates},
        GradientCase{"DlrmDotLinearTop", MakeDlrm("ncc", plan::Interaction::kDot, {5}, {}, 1, 5),
                     LossKind::kLogistic, &FeatureCandidates},
        GradientCase{"DlrmDotBlockGate", DotModel(), LossKind::kLogistic,
                     [](const plan::ModelShape& s) { return BlockCandidates(s, 2, 8, 8); }},
        GradientCase{"DlrmConcat",
                     MakeDlrm("ncicn", plan::Interaction::kConcat, {20, 5}, {40}, 1, 5),
                     LossKind::kLogistic, &FeatureCandidates},
        GradientCase{"DlrmConcatChunkGate",
                     MakeDlrm("ncicn", plan::Interaction::kConcat, {20, 5}, {40}, 1, 5),
                     LossKind::kLogistic, &ChunkCandidates},
        GradientCase{"DlrmConcatWithoutBottom",
                     MakeDlrm("ncicn", plan::Interaction::kConcat, {}, {40}, 1, 5),
                     LossKind::kLogistic, &FeatureCandidates},
        GradientCase{"BlockGateFirst", MakeShape("ncicn", {40, 19}, 1), LossKind::kSquared,
                     [](const plan::ModelShape& s) { return BlockCandidates(s, 0, 4, 16); }},
        GradientCase{"BlockGateHidden", MakeShape("ncicn", {40, 19}, 1), LossKind::kLogistic,
                     [](const plan::ModelShape& s) { return BlockCandidates(s, 1, 16, 8); }},
        GradientCase{"BlockGateHead", MakeShape("ncicn", {40}, 10), LossKind::kSoftmax,
                     [](const plan::ModelShape& s) { return BlockCandidates(s, 1, 7, 3); }}),
    [](const auto& info) { return info.param.name; });

double Norm(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

TestBatch RowOf(const TestBatch& batch, int64_t row) {
  TestBatch one;
  one.rows = 1;
  one.dense_width = batch.dense_width;
  one.code_slots = batch.code_slots;
  const auto dense = batch.dense.begin() + row * batch.dense_width;
  const auto codes = batch.codes.begin() + row * batch.code_slots;
  one.dense.assign(dense, dense + batch.dense_width);
  one.codes.assign(codes, codes + batch.code_slots);
  one.target = {batch.target[row]};
  one.weight = {batch.weight[row]};
  return one;
}

// In bf16 operands are rounded to 8 bits, u = 2^-9. What a row adds to a gradient of a network of L
// layers depends on the operands of at most L products forward, L backward and the gradient's own,
// two each: to first order a relative error of (4 L + 2) u. The errors of the rows add up at most.
TEST_P(TrainStepGradientTest, InBf16TheGradientsStandByTheReference) {
  const GradientCase& c = GetParam();
  CandidateSet candidates;
  if (c.candidates) candidates = c.candidates(c.shape);
  Training training(c.shape, c.loss, 80, 1, c.candidates ? &candidates : nullptr);
  training.options.half_products = true;
  if (!ops::HasHalfProducts()) {
    EXPECT_THAT(TrainStep::Create(&training.network, nullptr, training.options, &training.pool),
                test::StatusIs(absl::StatusCode::kFailedPrecondition,
                               ::testing::HasSubstr("AVX-512 BF16")));
    return;
  }
  for (size_t i = 0; i < training.mask.size(); ++i) training.mask[i] = 0.25f * (i % 4);
  training.Make();
  const Tensors before = ToDouble(training.network);
  const std::vector<double> mask(training.mask.begin(), training.mask.end());
  const auto evaluate = [&](const TestBatch& batch) {
    return Evaluate(training.network, before, training.has_fold ? &training.fold : nullptr, mask,
                    c.loss, batch);
  };
  const TestBatch batch = MakeBatch(c.shape, c.loss, 67, 11);
  const ReferenceResult expected = evaluate(batch);
  std::vector<double> magnitude(before.size(), 0.0);
  for (int64_t i = 0; i < batch.rows; ++i) {
    const ReferenceResult row = evaluate(RowOf(batch, i));
    for (size_t t = 0; t < before.size(); ++t) {
      magnitude[t] += Norm(row.gradient[t]) / static_cast<double>(batch.rows);
    }
  }
  ASSERT_OK_AND_ASSIGN(const double loss, training.Run(batch));
  const double tolerance =
      (4.0 * static_cast<double>(training.network.layers().size()) + 2) * 0x1.0p-9;
  EXPECT_NEAR(loss, expected.loss, tolerance * expected.loss);
  const std::vector<TensorView> tensors = training.network.Tensors();
  for (size_t t = 0; t < tensors.size(); ++t) {
    std::vector<double> error;
    for (size_t e = 0; e < tensors[t].values.size(); ++e) {
      error.push_back(before[t][e] - tensors[t].values[e] - expected.gradient[t][e]);
    }
    EXPECT_LE(Norm(error), tolerance * magnitude[t] + 1e-6) << tensors[t].name;
  }
}

TEST(TrainStepNoiseTest, InputNoiseAndDropoutFollowTheirDraws) {
  const plan::ModelShape shape = MakeShape("ncicn", {21, 13}, 1);
  Training training(shape, LossKind::kLogistic, 70);
  training.options.input_noise = 0.3f;
  training.options.dropout = 0.25f;
  training.Make();
  training.input.step = 9;
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 65, 2);
  const RngStream noise_stream(5, "test/noise"), dropout_stream(5, "test/dropout");
  // Draws of a row: dense columns padded to 8; units of all hidden layers, each padded to 8.
  ReferenceNoise noise;
  noise.input = [&](int64_t row, int32_t column) {
    return 0.3 * ops::ref::Gaussian(noise_stream, (9 * 70 + row) * 8 + column);
  };
  noise.unit_factor = [&](int64_t row, int32_t layer, int32_t unit) {
    const uint64_t draw = (9 * 70 + row) * (24 + 16) + (layer == 0 ? 0 : 24) + unit;
    return ops::ref::IsDropped(dropout_stream, draw, 0.25f) ? 0.0 : 1.0 / 0.75;
  };
  ExpectStepMatchesReference(training, batch, noise);
}

}  // namespace
}  // namespace winnow::nn
