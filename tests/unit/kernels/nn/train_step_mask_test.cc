// What a mask leaves alone, what laziness leaves alone, what decay spares.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

namespace winnow::nn {
namespace {

TEST(TrainStepMaskTest, MaskOfOnesGivesTheBytesOfNoMask) {
  const plan::ModelShape shape = MakeShape("ncicn", {67}, 3);
  const CandidateSet candidates = FeatureCandidates(shape);
  Training masked(shape, LossKind::kSoftmax, 100, 1, &candidates, {});
  Training plain(shape, LossKind::kSoftmax, 100, 1, &candidates, {});
  plain.mask.clear();
  plain.mask_gradient.clear();
  masked.Make();
  plain.Make();
  for (int step = 0; step < 5; ++step) {
    const TestBatch batch = MakeBatch(shape, LossKind::kSoftmax, 100, step);
    masked.input.learning_rate = plain.input.learning_rate = 0.01;
    ASSERT_OK(masked.Run(batch));
    ASSERT_OK(plain.Run(batch));
  }
  EXPECT_EQ(masked.parameters(), plain.parameters());
}

struct FreezeCase {
  std::string name;
  plan::ModelShape shape;
  std::function<CandidateSet(const plan::ModelShape&)> candidates;
};

class TrainStepFreezeTest : public ::testing::TestWithParam<FreezeCase> {};

// Weights, embeddings and, told by what happens after the thaw, moments.
TEST_P(TrainStepFreezeTest, MaskZeroKeepsWeightsAndMomentsBitEqual) {
  const plan::ModelShape& shape = GetParam().shape;
  const CandidateSet candidates = GetParam().candidates(shape);
  Training training(shape, LossKind::kLogistic, 100, 1, &candidates, {});
  training.Make();
  training.input.learning_rate = 0.01;
  training.input.weight_decay = training.input.embedding_weight_decay = 1.0;
  for (int step = 0; step < 3; ++step) {
    ASSERT_OK(training.Run(MakeBatch(shape, LossKind::kLogistic, 100, step)));
  }
  for (size_t c = 0; c < training.mask.size(); ++c) training.mask[c] = c % 2 == 0 ? 0.0f : 0.7f;
  const std::vector<float> before = training.parameters();
  Checkpoint moments_before;
  training.step->SaveOptimizer("o", moments_before);
  for (int step = 3; step < 8; ++step) {
    ASSERT_OK(training.Run(MakeBatch(shape, LossKind::kLogistic, 100, step)));
  }
  Checkpoint moments_after;
  training.step->SaveOptimizer("o", moments_after);

  const std::vector<float> after = training.parameters();
  int64_t frozen = 0, moved = 0;
  std::vector<int64_t> frozen_places;
  std::vector<gates::WeightFold> folds = training.fold.others;
  folds.push_back(training.fold);
  for (const gates::WeightFold& fold : folds) {
    const DenseLayer& layer = training.network.layers()[fold.layer];
    for (int64_t e = 0; e < layer.weight_count(); ++e) {
      const auto r = static_cast<int32_t>(e / layer.outputs);
      const int32_t c = fold.candidate(r, static_cast<int32_t>(e % layer.outputs));
      const int64_t place = layer.weights + e;
      const bool product =
          fold.kind == GateKind::kFeature && fold.row_multiplier(training.mask, r) == 0;
      if (product || (c >= 0 && training.mask[c] == 0)) {
        frozen_places.push_back(place);
      } else {
        moved += before[place] != after[place] ? 1 : 0;
      }
    }
  }
  const std::vector<int32_t>& inputs =
      training.fold.input_base.empty() ? training.fold.row_base : training.fold.input_base;
  for (const EmbeddingTable& table : training.network.embeddings()) {
    for (int32_t d = 0; training.fold.gates_inputs() && d < table.dimension; ++d) {
      const int32_t c = inputs[table.first_row + d];
      for (int64_t code = 0; c >= 0 && training.mask[c] == 0 && code < table.vocabulary; ++code) {
        frozen_places.push_back(table.values + code * table.dimension + d);
      }
    }
  }
  for (const char* moment : {"o/m", "o/v"}) {
    const std::vector<float> old_moment = *moments_before.GetVector<float>(moment);
    const std::vector<float> new_moment = *moments_after.GetVector<float>(moment);
    for (const int64_t place : frozen_places) {
      ASSERT_EQ(old_moment[place], new_moment[place]) << moment << " " << place;
    }
  }
  for (const int64_t place : frozen_places) {
    ASSERT_EQ(before[place], after[place]) << place;
    ++frozen;
  }
  EXPECT_GT(frozen, 0);
  EXPECT_GT(moved, 0);
}

const plan::ModelShape kMlp = MakeShape("ncicn", {40}, 1, 4);

INSTANTIATE_TEST_SUITE_P(
    Gates, TrainStepFreezeTest,
    ::testing::Values(
        FreezeCase{"Feature", kMlp, &FeatureCandidates},
        FreezeCase{"Chunk", kMlp, &ChunkCandidates},
        FreezeCase{"Block", kMlp,
                   [](const plan::ModelShape& s) { return BlockCandidates(s, 0, 4, 8); }},
        FreezeCase{"DlrmDot", MakeDlrm("ncicnccc", plan::Interaction::kDot, {9, 4}, {40}, 1, 4),
                   &FeatureCandidates},
        FreezeCase{"DlrmConcat", MakeDlrm("ncicnc", plan::Interaction::kConcat, {9, 4}, {40}, 1, 4),
                   &FeatureCandidates}),
    [](const auto& info) { return info.param.name; });

TEST(TrainStepEmbeddingTest, RowsThatTheBatchDoesNotNameKeepEveryBit) {
  const plan::ModelShape shape = MakeShape("cn", {8}, 1, 4);
  Training training(shape, LossKind::kLogistic, 64, 1, nullptr, {});
  training.Make();
  training.input.learning_rate = 0.1;
  training.input.embedding_weight_decay = 1.0;
  TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 64, 1);
  ASSERT_OK(training.Run(batch));  // gives every row a momentum that a dense Adam would act on
  for (int32_t& code : batch.codes) code = code % 2 == 0 ? 0 : 2;
  const std::vector<float> before(training.network.table(0), training.network.table(0) + 5 * 4);
  ASSERT_OK(training.Run(batch));
  for (int64_t code = 0; code < 5; ++code) {
    for (int64_t d = 0; d < 4; ++d) {
      const bool is_same = before[code * 4 + d] == training.network.table(0)[code * 4 + d];
      EXPECT_EQ(is_same, code != 0 && code != 2) << code;
    }
  }
}

TEST(TrainStepEmbeddingTest, DenseAdamMovesEveryRow) {
  const plan::ModelShape shape = MakeShape("cn", {8}, 1, 4);
  Training training(shape, LossKind::kLogistic, 64, 1, nullptr, {.lazy_rows = false});
  training.Make();
  training.input.learning_rate = 0.1;
  TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 64, 1);
  ASSERT_OK(training.Run(batch));
  std::fill(batch.codes.begin(), batch.codes.end(), 0);
  const std::vector<float> before(training.network.table(0), training.network.table(0) + 5 * 4);
  ASSERT_OK(training.Run(batch));
  for (int64_t i = 0; i < 5 * 4; ++i) EXPECT_NE(before[i], training.network.table(0)[i]) << i;
}

TEST(TrainStepDecayTest, DecayIsDecoupledAndSparesBiases) {
  const plan::ModelShape shape = MakeShape("nn", {4}, 1);
  Training training(shape, LossKind::kSquared, 8);
  training.Make();
  for (float& value : training.network.parameters()) value = 0.5f;
  TestBatch batch = MakeBatch(shape, LossKind::kSquared, 8, 1);
  std::fill(batch.weight.begin(), batch.weight.end(), 0.0f);  // no gradient at all
  training.input.learning_rate = 0.1;
  training.input.weight_decay = 2.0;
  ASSERT_OK(training.Run(batch));
  EXPECT_EQ(training.network.weights(0)[3], static_cast<float>(1 - 0.1 * 2) * 0.5f);
  EXPECT_EQ(training.network.bias(0)[0], 0.5f);
}

}  // namespace
}  // namespace winnow::nn
