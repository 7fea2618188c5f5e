// Training and predicting with the block-sparse engine: the bytes of the dense one, for any number
// of threads.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/gates/block_engine.h"
#include "kernels/nn/predictor.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

namespace winnow::nn {
namespace {

constexpr int kSteps = 50;
constexpr double kNever = 1.0, kAtAFifth = 0.2;

struct Case {
  std::string name;
  plan::ModelShape shape;
  LossKind loss;
  int32_t batch, last_batch;
  int32_t layer, block_rows, block_columns;

  CandidateSet Candidates(double sparse_saving) const {
    CandidateSet set = BlockCandidates(shape, layer, block_rows, block_columns);
    set.grid.sparse_saving = sparse_saving;
    return set;
  }

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

// The mask of step t, as a pruning run has it: all blocks, then fewer and fewer under gates that
// move, a fixed few, all again, and in the end a fixed few of 0 and 1.
std::vector<float> MaskAt(int t, size_t blocks) {
  const RngStream random(11, "blocks");
  const int phase = t / 10;
  const double density = phase == 1 ? 1.0 - 0.08 * (t % 10) : 0.25;
  std::vector<float> mask(blocks);
  for (size_t b = 0; b < blocks; ++b) {
    const bool is_dense = phase == 0 || phase == 3;
    const bool is_kept = is_dense || random.Uniform(b) < density;
    const float gate = phase == 4 ? 1.0f : 0.5f + 0.1f * static_cast<float>((b + t) % 7);
    mask[b] = is_kept ? gate : 0.0f;
  }
  return mask;
}

struct Outcome {
  std::vector<float> parameters;
  std::vector<double> losses;
  std::vector<std::vector<float>> mask_gradients;
  std::string moments;
  int sparse_steps = 0;

  bool operator==(const Outcome&) const = default;
};

struct Pool {
  int threads = 1;
  bool stress = false;
};

// `planted`: the mask that is trained with drops another block than it says, in one phase.
Outcome Train(const Case& c, double sparse_saving, Pool kind = {}, bool planted = false) {
  Network network = *Network::Create(c.shape);
  network.Init(3, "test");
  ShardPool pool(kind.threads, ops::UseOneThread, {kind.stress, 99});
  const gates::WeightFold fold = *MakeFold(c.shape, c.Candidates(sparse_saving));
  TrainStepOptions options;
  options.loss = c.loss;
  options.batch_size = c.batch;
  options.stream = "test";
  options.input_noise = 0.1f;
  options.dropout = 0.1f;
  const auto step = *TrainStep::Create(&network, &fold, options, &pool);

  Outcome outcome;
  std::vector<float> mask_gradient(static_cast<size_t>(fold.num_candidates));
  for (int t = 0; t < kSteps; ++t) {
    const int32_t rows = t % 5 == 4 ? c.last_batch : c.batch;
    const TestBatch batch = MakeBatch(c.shape, c.loss, rows, t % 7);
    std::vector<float> mask = MaskAt(t, mask_gradient.size());
    if (planted && t == 25) {
      const auto kept = std::find_if(mask.begin(), mask.end(), [](float m) { return m != 0; });
      std::iter_swap(kept, std::find(mask.begin(), mask.end(), 0.0f));
    }
    StepInput input;
    input.step = t;
    input.rows = rows;
    input.learning_rate = 0.01;
    input.weight_decay = 0.5;
    input.mask = mask;
    input.mask_gradient = mask_gradient;
    input.dropped_gradient = false;
    const absl::StatusOr<double> loss = step->Run(input, batch);
    EXPECT_THAT(loss, test::IsOk());
    if (!loss.ok()) return outcome;
    outcome.losses.push_back(*loss);
    // The dense engine knows the gradient of a dropped block's mask, the sparse one does not.
    bool any_dropped_gradient = false;
    for (size_t b = 0; b < mask.size(); ++b) {
      if (mask[b] != 0) continue;
      any_dropped_gradient = any_dropped_gradient || mask_gradient[b] != 0;
      mask_gradient[b] = 0;
    }
    const bool any_dropped = std::count(mask.begin(), mask.end(), 0.0f) > 0;
    if (any_dropped && !any_dropped_gradient) ++outcome.sparse_steps;
    outcome.mask_gradients.push_back(mask_gradient);
  }
  outcome.parameters.assign(network.parameters().begin(), network.parameters().end());
  Checkpoint moments;
  step->SaveOptimizer("o", moments);
  for (const auto& [name, bytes] : moments.sections()) outcome.moments += bytes;
  return outcome;
}

class SparseStepTest : public ::testing::TestWithParam<Case> {};

TEST_P(SparseStepTest, TrainsToTheBytesOfTheDenseEngine) {
  Outcome sparse = Train(GetParam(), kAtAFifth);
  const Outcome dense = Train(GetParam(), kNever);
  // Steps 10..19 may cross the threshold on their way, 20..29 and 40..49 are below it.
  EXPECT_GE(sparse.sparse_steps, 20);
  EXPECT_LE(sparse.sparse_steps, 29);
  EXPECT_EQ(dense.sparse_steps, 0);
  sparse.sparse_steps = 0;
  EXPECT_EQ(sparse.losses, dense.losses);
  EXPECT_EQ(sparse.mask_gradients, dense.mask_gradients);
  EXPECT_TRUE(sparse == dense);
}

TEST_P(SparseStepTest, BytesAreTheSameForAnyThreadsAndAnyOrder) {
  const Outcome expected = Train(GetParam(), kAtAFifth);
  for (const Pool& pool : {Pool{2}, Pool{3}, Pool{8}, Pool{3, true}, Pool{1, true}}) {
    EXPECT_TRUE(Train(GetParam(), kAtAFifth, pool) == expected) << pool.threads << pool.stress;
  }
}

TEST_P(SparseStepTest, AWrongBlockInOneStepIsNoticed) {
  EXPECT_NE(Train(GetParam(), kAtAFifth, {}, /*planted=*/true).parameters,
            Train(GetParam(), kNever).parameters);
}

TEST_P(SparseStepTest, PredictsTheLogitsOfTheDenseEngine) {
  const Case& c = GetParam();
  Network network = *Network::Create(c.shape);
  network.Init(3, "test");
  ShardPool pool(2, ops::UseOneThread);
  const gates::WeightFold dense_fold = *MakeFold(c.shape, c.Candidates(kNever));
  const gates::WeightFold sparse_fold = *MakeFold(c.shape, c.Candidates(kAtAFifth));
  ASSERT_OK_AND_ASSIGN(const auto dense, Predictor::Create(&network, &dense_fold, &pool));
  ASSERT_OK_AND_ASSIGN(const auto sparse, Predictor::Create(&network, &sparse_fold, &pool));
  const TestBatch batch = MakeBatch(c.shape, c.loss, 300, 1);
  std::vector<float> expected(300 * c.shape.outputs), logits(300 * c.shape.outputs);
  // Sparse, dense, without a mask, sparse again.
  for (const int t : {25, 5, -1, 45}) {
    std::vector<float> mask;
    if (t >= 0) mask = MaskAt(t, static_cast<size_t>(dense_fold.num_candidates));
    ASSERT_OK(dense->Logits(batch, 300, mask, std::span<float>(expected)));
    ASSERT_OK(sparse->Logits(batch, 300, mask, std::span<float>(logits)));
    EXPECT_EQ(logits, expected) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Nets, SparseStepTest,
    ::testing::Values(Case{"FirstLayer", MakeShape(std::string(75, 'n'), {100, 40}, 10),
                           LossKind::kSoftmax, 128, 100, 0, 16, 16},
                      Case{"Embeddings", MakeShape("nccinccn", {67}, 1, 8), LossKind::kLogistic,
                           100, 33, 0, 8, 16},
                      Case{"SecondLayer", MakeShape(std::string(20, 'n'), {130, 97}, 1),
                           LossKind::kSquared, 200, 7, 1, 32, 32},
                      Case{"UnevenBlocks", MakeShape(std::string(30, 'n'), {90, 150}, 10),
                           LossKind::kSoftmax, 64, 64, 1, 16, 48}),
    [](const auto& info) { return info.param.name; });

// Who reads the gradient of a dropped block's mask gets it, from the dense engine.
TEST(SparseStepRuleTest, DroppedGradientsKeepTheDenseEngine) {
  const plan::ModelShape shape = MakeShape(std::string(64, 'n'), {64}, 1);
  CandidateSet candidates = BlockCandidates(shape, 0, 16, 16);
  candidates.grid.sparse_saving = kAtAFifth;
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 64, 1);
  for (const bool wanted : {true, false}) {
    Training training(shape, LossKind::kLogistic, 64, 1, &candidates);
    std::fill(training.mask.begin() + 3, training.mask.end(), 0.0f);
    training.input.dropped_gradient = wanted;
    training.Make();
    ASSERT_OK(training.Run(batch));
    EXPECT_NE(training.mask_gradient[0], 0.0f);
    // A dropped block above hidden units that others keep alive.
    EXPECT_EQ(training.mask_gradient[4] != 0.0f, wanted);
  }
}

// The present weights are used after they were written from outside, also while a mask stands
// still.
TEST(SparseStepRuleTest, WeightsWrittenFromOutsideAreUsed) {
  const plan::ModelShape shape = MakeShape(std::string(64, 'n'), {64}, 1);
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 64, 1);
  std::vector<double> losses;
  for (const double saving : {kAtAFifth, kNever}) {
    CandidateSet candidates = BlockCandidates(shape, 0, 16, 16);
    candidates.grid.sparse_saving = saving;
    Training training(shape, LossKind::kLogistic, 64, 1, &candidates);
    std::fill(training.mask.begin() + 3, training.mask.end(), 0.0f);
    training.input.dropped_gradient = false;
    training.input.learning_rate = 0.1;
    training.Make();
    for (int step = 0; step < 3; ++step) ASSERT_OK(training.Run(batch));
    training.network.Init(9, "other");
    training.step->WeightsChanged();
    ASSERT_OK_AND_ASSIGN(const double loss, training.Run(batch));
    losses.push_back(loss);
  }
  EXPECT_EQ(losses[0], losses[1]);
}

}  // namespace
}  // namespace winnow::nn
